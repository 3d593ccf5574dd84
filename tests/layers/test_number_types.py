"""Inputs of every number type: as float32 gives, within the precision of the type, or a refusal by name."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.layers.test_laws import CASES
from zoo.layers import (
    as_layer,
    avg_pool,
    batch_norm,
    embed,
    embedded,
    global_avg_pool,
    group_norm,
    gru_cell,
    identity,
    layer_norm,
    parallel,
    residual,
    rnn_cell,
    scan,
)

pytestmark = pytest.mark.usefixtures("quick_compiler")
_rng = np.random.default_rng(0)
REFUSALS = ("expects float", "sign does not accept dtype bool")
PRECISION = {"float16": 0.02, "bfloat16": 0.06}


def cast(x, dtype):
    """An input with the whole numbers of the law in place of its float32 values; lengths stay."""
    return jax.tree.map(lambda leaf: leaf.astype(dtype) if leaf.dtype == np.float32 else leaf, x)


def whole(x, dtype):
    """Whole numbers of which two exceed 8 bits in a sum; of the range of the type."""
    low, high = {"int8": (-120, 120), "bool": (0, 2)}.get(dtype, (0, 250))
    draw = lambda leaf: _rng.integers(low, high, leaf.shape).astype(np.float32)  # noqa: E731
    return jax.tree.map(lambda leaf: draw(leaf) if leaf.dtype == np.float32 else leaf, x)


def compared(dtypes, modes, key):
    """Differences (layer, type, mode) beyond the precision of the type, and refusals with their messages.

    One program runs all layers, but those that provably compute what they compute for float32.
    """
    layers = {name: as_layer(case[0]) for name, case in CASES.items() if name not in ("embed", "embedded")}
    xs = {(name, dtype): whole(CASES[name][1], dtype) for name in layers for dtype in dtypes}
    made = {name: drawn(layer, CASES[name][1], key) for name, layer in layers.items()}
    keys, pending, refused = {"training": (key,), "inference": ()}, {}, {}
    for (name, dtype), x in xs.items():
        for mode in modes:
            try:
                if not is_float32_after_a_cast(layers[name], made[name], cast(x, dtype), keys[mode]):
                    pending[f"{name} as {dtype} in {mode}"] = layers[name], made[name], x, dtype, keys[mode]
            except (TypeError, ValueError) as error:
                refused[name, dtype, mode] = str(error)

    @jax.jit
    def run(given):
        return {
            case: (layer.apply(*own, cast(x, dtype), *key), layer.apply(*own, x, *key))
            for case, (layer, _, _, dtype, _) in pending.items()
            for own, x, key in [given[case]]
        }

    results = run({case: (own, x, key) for case, (_, own, x, _, key) in pending.items()})
    return [case for case, pair in results.items() if not is_close(case, *pair)], refused


def drawn(layer, x, key):
    """Params and state of random numbers; positive, as variances are. The initializers would have to be compiled."""
    draw = lambda leaf: np.abs(_rng.normal(size=leaf.shape)).astype(leaf.dtype) + 0.5  # noqa: E731
    return jax.tree.map(draw, jax.eval_shape(layer.init, key, x))


def is_float32_after_a_cast(layer, made, x, keys):
    """Whether the layer's program is that for float32, preceded by a cast of the input."""

    def upcast(x):
        return jax.tree.map(lambda leaf: leaf if leaf.dtype == np.int32 else leaf.astype(jnp.float32), x)

    programs = [lambda x: layer.apply(*made, x, *keys), lambda x: layer.apply(*made, upcast(x), *keys)]
    return len({str(jax.make_jaxpr(program)(x)) for program in programs}) == 1


def is_close(case, got, want):
    precision = next((PRECISION[word] for word in case.split() if word in PRECISION), 1e-5)
    pairs = zip(jax.tree.leaves(got), jax.tree.leaves(want), strict=True)
    sides = [[np.asarray(leaf, np.float64) for leaf in pair] for pair in pairs]
    return all(np.all(np.abs(a - b) <= precision * (np.abs(b).max() + 1e-6)) for a, b in sides)


def check_all(dtypes, modes, key):
    different, refused = compared(dtypes, modes, key)
    assert different == []
    assert [text for text in refused.values() if not any(part in text for part in REFUSALS)] == []


def test_every_layer_gives_for_uint8_what_it_gives_for_float32_or_refuses_it(key):
    check_all(["uint8"], ["training"], key)


@pytest.mark.expensive
def test_every_layer_gives_for_other_types_what_it_gives_for_float32_or_refuses_them(key):
    check_all(["uint8"], ["inference"], key)
    check_all(["int8", "int32", "bool", "float16", "bfloat16"], ["training"], key)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "uint32"])
def test_the_gradient_of_a_table_is_that_of_int32_ids(dtype):
    vocabulary = 300  # in 8 bits, 256 + i is i
    ids = _rng.integers(0, min(vocabulary, np.iinfo(dtype).max + 1), (4, 50)).astype(dtype)
    table, slopes = _rng.normal(size=(vocabulary, 3)), _rng.normal(size=(4, 50, 3))
    want = np.zeros((vocabulary, 3))
    np.add.at(want, ids.astype(np.int64).ravel(), slopes.reshape(-1, 3))
    got = jax.jit(jax.grad(lambda w: jnp.sum(embed(vocabulary, 3).apply({"w": w}, {}, ids)[0] * slopes)))(
        jnp.asarray(table, jnp.float32)
    )
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", [rnn_cell(2), gru_cell(2)], ids=["plain", "fast"])
@pytest.mark.parametrize("steps", [10, 100], ids=["looked up", "absorbed"])  # more tokens than entries: absorbed
def test_recurrent_layers_on_narrow_ids_have_the_gradient_of_int32_ids(cell, steps, key):
    model = embedded(300, 3, scan(cell, output="last"))
    ids = _rng.integers(0, 256, (4, steps)).astype(np.uint8)
    params, _ = drawn(model, ids, key)
    gradient = jax.jit(jax.grad(lambda params, ids: jnp.sum(model.apply(params, {}, ids)[0] ** 2)))
    for got, want in zip(*(jax.tree.leaves(gradient(params, ids.astype(d))) for d in ("uint8", "int32")), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_sums_of_integers_do_not_wrap_around():
    x = np.full((1, 4, 1), 200, np.uint8)
    for layer, want in [(residual(identity), 400), (parallel(identity, identity, join=sum), 400), (avg_pool(2), 200)]:
        np.testing.assert_array_equal(layer.apply({}, {}, x)[0], np.full((1, 4 // (1 + (want == 200)), 1), want))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_means_of_large_half_precision_values_are_finite(dtype, key):
    large = float(jnp.finfo(dtype).max) / 2 if dtype == "float16" else 1e15  # its square must fit in float32
    x = jnp.asarray(large * (1 + _rng.normal(size=(4, 6, 6, 4)) / 8), dtype)
    exact = np.asarray(x, np.float64)
    means = exact.reshape(4, 3, 2, 3, 2, 4).mean((2, 4))
    np.testing.assert_allclose(run(avg_pool(2), x), means, rtol=0.01)
    np.testing.assert_allclose(run(avg_pool(2, padding="SAME"), x), means, rtol=0.01)
    np.testing.assert_allclose(run(global_avg_pool(), x), exact.mean((1, 2)), rtol=0.01)
    groups = exact.reshape(4, 6, 6, 2, 2)
    moments = [(layer_norm(), exact, (-1,)), (group_norm(2), groups, (1, 2, 4)), (batch_norm(), exact, (0, 1, 2))]
    for layer, parts, axes in moments:
        want = (parts - parts.mean(axes, keepdims=True)) / parts.std(axes, keepdims=True)
        got = layer.apply(*layer.init(key, x), x, key)[0]
        np.testing.assert_allclose(np.asarray(got, np.float64), want.reshape(x.shape), rtol=0.02, atol=0.02)


def run(layer, x):
    return np.asarray(layer.apply({}, {}, x)[0], np.float64)


@pytest.mark.expensive
@pytest.mark.parametrize("name", CASES)
def test_every_layer_reads_an_empty_batch(name, key):
    layer, x = as_layer(CASES[name][0]), CASES[name][1]
    params, state = jax.eval_shape(layer.init, key, x)
    empty = jax.tree.map(lambda leaf: leaf[:0], x)
    for leaf in jax.tree.leaves(jax.eval_shape(layer.apply, params, state, empty)[0]):
        assert leaf.shape[0] == 0
