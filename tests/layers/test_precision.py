import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import (
    Layer,
    Sequence,
    batch_norm,
    computing_in,
    dense,
    embed,
    full_precision,
    layer_norm,
    lstm_cell,
    scan,
    serial,
    spectral_norm,
    stateless,
    stateless_cell,
)

pytestmark = pytest.mark.usefixtures("quick_compiler")
FINE = 1 + 2.0**-12  # bfloat16 has no such number


def in_half(layer):
    return computing_in(jnp.bfloat16, layer)


@pytest.mark.parametrize("layer", [batch_norm(), serial(layer_norm()), serial(serial(layer_norm()))])
def test_the_parameters_of_norms_are_not_rounded(layer, key):
    x = jnp.array([[1.0, -1.0], [-1.0, 1.0]])
    params, state = layer.init(key, x)
    params = jax.tree.map(lambda leaf: leaf * FINE, params)
    seen = []

    def spy(x):
        seen.append(x.dtype.name)
        return x

    y, _ = in_half(serial(spy, layer, spy)).apply({"1": params}, {"1": state}, x, key)
    assert seen == ["bfloat16", "bfloat16"]
    exact = jax.grad(lambda p: in_half(layer).apply(p, state, x, key)[0].sum())(params)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(exact)} == {"float32"}
    assert y.dtype == jnp.float32


def test_full_precision_computes_in_float32_and_returns_the_input_dtype():
    seen = []
    layer = full_precision(lambda x: seen.append(x.dtype.name) or x * FINE)
    for kind in (jnp.bfloat16, jnp.float16, jnp.float32):
        assert layer.apply({}, {}, jnp.ones((1, 2), kind))[0].dtype == kind
    assert seen == ["float32"] * 3


def test_full_precision_layers_keep_their_parameters_in_float32():
    times = stateless(lambda key, x: {"s": jnp.ones(())}, lambda params, x: x * (params["s"] - 1) * 2.0**12)
    params = {"s": jnp.float32(FINE)}
    assert in_half(full_precision(times)).apply(params, {}, jnp.ones((1, 1)))[0].item() == 1
    assert in_half(times).apply(params, {}, jnp.ones((1, 1)))[0].item() == 0


def test_a_custom_layer_with_state_needs_no_changes(key):
    def apply(params, state, x, key=None):
        return x @ params["w"], {"last": x.mean(0)}

    mine = Layer(lambda key, x: ({"w": jnp.ones((2, 2), x.dtype)}, {"last": jnp.zeros(2, x.dtype)}), apply)
    model, x = in_half(serial(mine, mine)), jnp.ones((3, 2))
    params, state = model.init(key, x)
    y, new = jax.jit(model.apply)(params, state, x, key)
    assert {leaf.dtype.name for leaf in jax.tree.leaves((params, state, y, new))} == {"float32"}


def test_a_custom_cell_may_have_a_float32_initial_carry(key):
    cell = stateless_cell(
        lambda key, x: {"w": jnp.ones((2, 2))}, lambda p, c, x, key: (x @ p["w"], c), lambda p, x: jnp.zeros(x.shape)
    )
    layer, x = in_half(scan(cell)), jnp.ones((1, 3, 2))
    assert layer.apply(*layer.init(key, x), x)[0].dtype == jnp.float32


@pytest.mark.parametrize("fast", [True, False])
def test_an_lstm_keeps_its_memory_in_float32(fast, key):
    layer = in_half(scan(lstm_cell(1), return_carry=True))
    x = jnp.zeros((1, 300, 1))
    params, state = layer.init(key, x)
    # The forget gate stands at 0.999, which bfloat16 would round to 1; the others are shut.
    params = {"w_x": jnp.zeros((1, 4)), "w_h": jnp.zeros((1, 4)), "b": jnp.array([-20.0, 6.9, 0.0, 0.0])}
    start = (jnp.zeros((1, 1)), jnp.full((1, 1), FINE))
    (_, c), y = layer.apply(params, state, Sequence(x, carry=start))[0]
    gate = 1 / (1 + np.exp(-float(jnp.bfloat16(6.9))))
    assert c.item() == pytest.approx(FINE * gate**300, rel=1e-3)
    assert y.dtype == jnp.float32


def test_spectral_norm_divides_in_float32(key):
    layer, x = spectral_norm(dense(3, bias=False)), jnp.eye(2)
    params, state = layer.init(key, x)
    exact, near = (each.apply(params, state, x)[0] for each in (layer, in_half(layer)))
    np.testing.assert_allclose(near, exact, rtol=0.01)
    assert jnp.linalg.norm(near, 2) == pytest.approx(1, abs=0.01)


def test_a_dtype_that_is_not_floating_point_raises():
    with pytest.raises(ValueError, match="computing_in: dtype must be a floating type such as bfloat16, got <class"):
        computing_in(int, dense(3))


@pytest.mark.parametrize(("layer", "x"), [(dense(2), jnp.zeros((1 << 16, 1))), (embed(3, 2), jnp.zeros(1 << 16, int))])
def test_gradients_of_shared_parameters_are_summed_in_float32(layer, x, key):
    params, state = layer.init(key, x)
    gradient = jax.jit(jax.grad(lambda params: in_half(layer).apply(params, state, x)[0].sum()))(params)
    np.testing.assert_allclose(gradient["b"] if "b" in gradient else gradient["w"][0], 1 << 16)
