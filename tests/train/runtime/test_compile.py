import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.runtime import compile as compiler
from zoo.train.runtime.compile import compiler_options, jit, jit_once


def convolved(x, w):
    return jax.lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


GIVEN = jnp.arange(2 * 6 * 6 * 8.0).reshape(2, 6, 6, 8) % 7, jnp.arange(3 * 3 * 8 * 8.0).reshape(3, 3, 8, 8) % 5


def test_a_program_with_the_options_computes_the_same():
    np.testing.assert_array_equal(jit(convolved)(*GIVEN), jax.jit(convolved)(*GIVEN))


@pytest.mark.skipif(compiler_options() is None, reason="this jaxlib wants no options here")
def test_no_convolution_is_left_to_ynnpack():
    text = jit(convolved).lower(*GIVEN).compile().as_text()
    assert "convolution" in text
    assert "__ynn_fusion" not in text


@pytest.mark.parametrize(("version", "backend"), [("0.7.2", "cpu"), ("0.12.0", "cpu"), ("0.10.2", "gpu")])
def test_other_versions_and_devices_get_no_options(version, backend, monkeypatch):
    monkeypatch.setattr(compiler, "jaxlib_version", version)
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert compiler_options() is None


def test_the_options_are_for_the_version_that_was_measured(monkeypatch):
    monkeypatch.setattr(compiler, "jaxlib_version", "0.10.1")
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert "CONVOLUTION" not in compiler_options()["xla_cpu_experimental_ynn_fusion_type"]


@pytest.mark.parametrize(("width", "by_ynnpack"), [(16, False), (2048, True)])
def test_small_products_in_a_loop_are_not_left_to_ynnpack_and_large_ones_are(width, by_ynnpack, monkeypatch):
    monkeypatch.setattr(compiler, "jaxlib_version", "0.10.2")
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    w = jax.ShapeDtypeStruct((width, width), jnp.float32)
    power = jax.make_jaxpr(lambda w: jax.lax.fori_loop(0, 9, lambda i, x: x @ w, w))(w)
    assert ("DOT" in compiler_options(power)["xla_cpu_experimental_ynn_fusion_type"]) == by_ynnpack


def drawn(key, like):
    normal, even = jax.random.normal(key, (40, 30)), jax.random.uniform(key, like.shape, minval=-0.3, maxval=0.3)
    return {"w": normal, "even": even, "q": jnp.linalg.qr(normal)[0], "b": jnp.zeros(like.shape[-1:])}


def test_a_program_that_is_compiled_for_once_gives_the_same_bits(key):
    once, often = jit_once(drawn), jax.jit(drawn)
    assert once.eval_shape(key, GIVEN[0]) == jax.eval_shape(drawn, key, GIVEN[0])
    chex.assert_trees_all_equal(once(key, GIVEN[0]), often(key, GIVEN[0]))


def test_only_the_cpus_compiler_is_told_to_hurry_and_none_that_is_in_a_greater_hurry(monkeypatch):
    asked = []
    monkeypatch.setattr(jax, "jit", lambda f, compiler_options=None, **_: asked.append(compiler_options))
    for backend, off in (("cpu", False), ("cpu", True), ("gpu", False)):
        monkeypatch.setattr(jax, "default_backend", lambda backend=backend: backend)
        before = jax.config.read("jax_disable_most_optimizations")
        jax.config.update("jax_disable_most_optimizations", off)
        jit_once(drawn)
        jax.config.update("jax_disable_most_optimizations", before)
    assert asked == [{"xla_backend_optimization_level": 1}, None, None]
