"""Spectral normalisation against numpy's singular values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.layers.recurrence import float64
from zoo.layers import conv, conv_transpose, dense, relu, serial, spectral_norm

pytestmark = pytest.mark.usefixtures("quick_compiler")
_rng = np.random.default_rng(1)
TABLE = _rng.normal(size=(4, 3)).astype(np.float32)
IMAGES = _rng.normal(size=(4, 6, 6, 3)).astype(np.float32)


def largest(w):
    return np.linalg.svd(np.asarray(w, np.float64).reshape(-1, w.shape[-1]), compute_uv=False)[0]


def settled(layer, x, key, calls=80):
    """The layer's params, and its state after training calls in which the params stay."""
    params, state = jax.jit(layer.init)(key, x)
    run = jax.jit(layer.apply)
    for _ in range(calls):
        _, state = run(params, state, x, key)
    return params, state


@pytest.mark.parametrize(
    ("inner", "x"),
    [(dense(5), TABLE), (conv(7, 3, strides=2), IMAGES), (conv_transpose(5, 3, strides=2), IMAGES)],
    ids=["dense", "conv", "conv_transpose"],
)
def test_the_kernel_is_divided_by_numpys_largest_singular_value(inner, x, key):
    layer = spectral_norm(inner)
    params, state = settled(layer, x, key)
    params["b"] = jnp.arange(1.0, 1 + params["b"].size)
    by_hand = {"w": params["w"] / largest(params["w"]), "b": params["b"]}
    np.testing.assert_allclose(layer.apply(params, state, x)[0], inner.apply(by_hand, {}, x)[0], rtol=1e-4, atol=1e-5)


def test_every_kernel_inside_is_divided_by_its_own(key):
    body = serial(dense(6), relu, head=dense(2))
    layer = spectral_norm(body)
    params, state = settled(layer, TABLE, key)
    by_hand = {name: {"w": each["w"] / largest(each["w"]), "b": each["b"]} for name, each in params.items()}
    np.testing.assert_allclose(layer.apply(params, state, TABLE)[0], body.apply(by_hand, {}, TABLE)[0], rtol=1e-4)


def test_one_training_call_is_one_power_iteration(key):
    layer = spectral_norm(dense(5))
    params, state = layer.init(key, TABLE)
    (name,), w = state["right"], np.asarray(params["w"], np.float64)
    state["right"][name] = jnp.asarray(np.eye(5)[0], jnp.float32)
    _, after = layer.apply(params, state, TABLE, key)
    want = w.T @ (w @ np.eye(5)[0])
    np.testing.assert_allclose(after["right"][name], want / np.linalg.norm(want), rtol=1e-5)


def test_a_new_layer_has_an_accurate_estimate(key):
    layer = spectral_norm(dense(64, bias=False))
    x = np.eye(100, dtype=np.float32)
    y, _ = layer.apply(*layer.init(key, x), x)
    assert largest(y) == pytest.approx(1, abs=0.05)


def test_the_gradient_is_that_of_the_division_by_finite_differences_in_float64(key):
    with float64():
        x = jnp.asarray(TABLE, jnp.float64)
        layer = spectral_norm(dense(2, bias=False))
        w = jnp.asarray(_rng.normal(size=(3, 2)))
        state = jax.jit(layer.init)(key, x)[1]
        state = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), state)
        run = jax.jit(layer.apply)
        for _ in range(200):
            _, state = run({"w": w}, state, x, key)
        got = jax.jit(jax.grad(lambda w: jnp.sum(jnp.sin(layer.apply({"w": w}, state, x)[0]))))(w)

        def by_svd(w):
            return np.sum(np.sin(TABLE.astype(np.float64) @ (w / largest(w))))

        for place in np.ndindex(3, 2):
            step = np.zeros((3, 2))
            step[place] = 1e-6
            slope = (by_svd(np.asarray(w) + step) - by_svd(np.asarray(w) - step)) / 2e-6
            assert float(got[place]) == pytest.approx(slope, abs=1e-7)


def test_a_kernel_of_zeros_stays_zero(key):
    layer = spectral_norm(dense(2))
    params, state = layer.init(key, TABLE)
    zeros = jax.tree.map(jnp.zeros_like, params)
    y, state = layer.apply(zeros, state, TABLE, key)
    np.testing.assert_array_equal(y, 0)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state))


def test_a_layer_without_a_kernel_raises(key):
    with pytest.raises(ValueError, match="no kernel"):
        spectral_norm(relu).init(key, TABLE)


def test_iterations_are_checked():
    with pytest.raises(ValueError, match="iterations must be a positive integer, got 0"):
        spectral_norm(dense(2), iterations=0)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-10, 1e19, 1e30, 1e37])
def test_a_kernel_of_any_scale_is_normalised_and_its_state_lasts(scale, key):
    layer, w = spectral_norm(dense(5, bias=False)), _rng.normal(size=(3, 5)).astype(np.float32)
    _, state = settled(layer, TABLE, key, calls=0)
    run = jax.jit(layer.apply)
    for _ in range(60):
        y, state = run({"w": w * np.float32(scale)}, state, TABLE, key)
    np.testing.assert_allclose(y, TABLE @ (w / largest(w)), rtol=1e-3, atol=1e-4)
    y, _ = run({"w": w}, state, TABLE, key)
    np.testing.assert_allclose(y, TABLE @ (w / largest(w)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("small", [0, 1e-40, 1e-36])
def test_a_kernel_of_zeros_has_a_finite_gradient_and_can_leave_zero(small, key):
    layer = spectral_norm(dense(5, bias=False))
    params, state = settled(layer, TABLE, key, calls=0)
    zeros = {"w": jnp.full_like(params["w"], small)}
    run = jax.jit(layer.apply)
    gradient = jax.jit(jax.grad(lambda params, state: jnp.sum(layer.apply(params, state, TABLE, key)[0])))
    for _ in range(3):
        _, state = run(zeros, state, TABLE, key)
    np.testing.assert_allclose(gradient(zeros, state)["w"], np.repeat(TABLE.sum(0)[:, None], 5, 1), rtol=1e-4)
    for _ in range(80):
        y, state = run(params, state, TABLE, key)
    np.testing.assert_allclose(y, TABLE @ (params["w"] / largest(params["w"])), rtol=1e-3, atol=1e-4)


def test_a_vector_that_the_kernel_maps_to_zero_does_not_stay(key):
    layer, w = spectral_norm(dense(2, bias=False)), np.diag([0.0, 7.0, 0.0])[:, :2].astype(np.float32)
    _, state = settled(layer, TABLE, key, calls=0)
    for stuck in ([1.0, 0.0], [0.0, 0.0]):
        state["right"] = {name: jnp.array(stuck) for name in state["right"]}
        for _ in range(2):
            y, state = layer.apply({"w": w}, state, TABLE, key)
        np.testing.assert_allclose(y, TABLE @ (w / 7), rtol=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-8, 1, 1e19])
def test_the_gradient_of_a_kernel_of_any_scale_is_that_of_the_quotient(scale):
    w = scale * np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    x, right = np.array([[1.0, 2.0, 3.0]]), np.array([1.0, 0.0])
    layer = spectral_norm(dense(2, bias=False))
    state = {"layer": {}, "right": {"w": jnp.asarray(right, jnp.float32)}}
    found = jax.jit(jax.grad(lambda w: layer.apply({"w": w}, state, jnp.asarray(x, jnp.float32))[0].sum()))(
        jnp.asarray(w, jnp.float32)
    )
    largest, direct = 3 * scale, x.T @ np.ones((1, 2))
    left = np.array([[1.0], [0.0], [0.0]])  # d largest / dw = left right'
    want = direct / largest - left @ right[None] * (direct * w).sum() / largest / largest
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-6 / scale)
