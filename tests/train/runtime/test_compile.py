import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.runtime import compile as compiler
from zoo.train.runtime.compile import OFFLOADED, compiler_options, jit, jit_once
from zoo.train.runtime.jaxpr import CONVOLUTION, primitives


def convolved(x, w):
    return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


GIVEN = jnp.arange(2 * 6 * 6 * 8.0).reshape(2, 6, 6, 8) % 7, jnp.arange(3 * 3 * 8 * 8.0).reshape(3, 3, 8, 8) % 5


def test_a_program_with_the_options_computes_the_same():
    np.testing.assert_array_equal(jit(convolved)(*GIVEN), jax.jit(convolved)(*GIVEN))


@pytest.mark.skipif(compiler_options() is None, reason="this jaxlib has no such option")
def test_no_convolution_is_left_to_ynnpack():
    program = jax.make_jaxpr(convolved)(*GIVEN)
    for run in (jit(convolved, program=program), jax.jit(convolved, compiler_options=compiler_options())):
        text = run.lower(*GIVEN).compile().as_text()
        assert "convolution" in text
        assert "__ynn_fusion" not in text


def test_a_program_that_is_not_given_is_traced_once_at_the_first_call(monkeypatch):
    traces, seen = [], []
    monkeypatch.setattr(compiler, "compiler_options", lambda program: seen.append(program))

    def traced(x, w):
        traces.append(1)
        return convolved(x, w)

    run = jit(traced)
    assert not traces
    for _ in range(2):
        np.testing.assert_array_equal(run(*GIVEN), convolved(*GIVEN))
    assert traces == [1]
    assert [CONVOLUTION in primitives(program) for program in seen] == [True]


def test_every_shape_is_traced_once_by_the_options_of_the_first_and_arguments_of_jit_hold():
    traces = []

    def doubled(x):
        traces.append(x.shape)
        return 2 * x

    place = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    run, given = jit(doubled, donate_argnums=0, out_shardings=place), jnp.ones(4)
    found = run(given)
    assert given.is_deleted()
    assert found.sharding == place
    for size in (4, 5, 5):
        np.testing.assert_array_equal(run(jnp.ones(size)), np.full(size, 2))
    assert traces == [(4,), (5,)]


@pytest.mark.parametrize("backend", ["gpu", "tpu"])
def test_other_devices_get_no_options(backend, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert compiler_options(jax.make_jaxpr(convolved)(*GIVEN)) is None


def test_options_that_a_jaxlib_does_not_know_are_left_out_without_a_word(capfd, recwarn):
    assert not compiler._known("xla_cpu_of_no_version", "1")
    assert not compiler._known("xla_cpu_experimental_ynn_fusion_type", "LIBRARY_FUSION_TYPE_OF_NO_VERSION")
    assert compiler._known("xla_backend_optimization_level", "1")
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_without_the_option_programs_are_compiled_by_the_defaults(monkeypatch):
    monkeypatch.setattr(compiler, "_known", lambda option, value: False)
    assert compiler_options() is None
    np.testing.assert_array_equal(jit(convolved)(*GIVEN), jax.jit(convolved)(*GIVEN))


def product_loop(width):
    w = jax.ShapeDtypeStruct((width, width), jnp.float32)
    return jax.make_jaxpr(lambda w: jax.lax.fori_loop(0, 9, lambda i, x: x @ w, w))(w)


@pytest.mark.parametrize(
    ("program", "ours"),
    [
        (jax.make_jaxpr(convolved)(*GIVEN), {"INDIVIDUAL_CONVOLUTION"}),
        (product_loop(16), {"INDIVIDUAL_DOT"}),
        (product_loop(2048), None),
        (jax.make_jaxpr(lambda w: w @ w)(jnp.ones((16, 16))), None),
        (None, {"INDIVIDUAL_CONVOLUTION"}),
    ],
    ids=["convolution", "small products in a loop", "large products in a loop", "products", "unknown"],
)
def test_convolutions_and_small_products_in_loops_stay_in_xlas_own_code(program, ours, monkeypatch):
    monkeypatch.setattr(compiler, "_known", lambda option, value: True)
    options = compiler_options(program)
    given = options and set(options["xla_cpu_experimental_ynn_fusion_type"].split(","))
    assert given == (ours and {f"LIBRARY_FUSION_TYPE_{each}" for each in set(OFFLOADED) - ours})


def drawn(key, like):
    normal, even = jax.random.normal(key, (40, 30)), jax.random.uniform(key, like.shape, minval=-0.3, maxval=0.3)
    return {"w": normal, "even": even, "q": jnp.linalg.qr(normal)[0], "b": jnp.zeros(like.shape[-1:])}


def test_a_program_that_is_compiled_for_once_gives_the_same_bits(key):
    once, often = jit_once(drawn), jax.jit(drawn)
    assert once.eval_shape(key, GIVEN[0]) == jax.eval_shape(drawn, key, GIVEN[0])
    chex.assert_trees_all_equal(once(key, GIVEN[0]), often(key, GIVEN[0]))


def test_only_the_cpus_compiler_is_told_to_hurry_and_none_that_is_in_a_greater_hurry(monkeypatch):
    asked, hurried = [], {"xla_backend_optimization_level": 1, "xla_cpu_use_fusion_emitters": False}
    monkeypatch.setattr(compiler, "_known", lambda option, value: option == "xla_cpu_use_fusion_emitters")
    monkeypatch.setattr(jax, "jit", lambda f, compiler_options=None, **_: asked.append(compiler_options))
    for backend, off in (("cpu", False), ("cpu", True), ("gpu", False)):
        monkeypatch.setattr(jax, "default_backend", lambda backend=backend: backend)
        before = jax.config.read("jax_disable_most_optimizations")
        jax.config.update("jax_disable_most_optimizations", off)
        jit_once(drawn)
        jax.config.update("jax_disable_most_optimizations", before)
    assert asked == [hurried, None, None]
