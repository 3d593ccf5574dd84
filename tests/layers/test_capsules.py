"""Squash and routing by agreement against numpy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import capsules, route, squash

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
VOTES = rng.normal(size=(2, 5, 3, 4))


def shrunk(s):
    square = (s**2).sum(-1, keepdims=True)
    return square / (1 + square) * s / np.sqrt(square)


def test_squash_keeps_the_direction_along_the_last_axis_and_a_gradient_at_zero():
    s = rng.normal(size=(2, 3, 4)) * 5
    np.testing.assert_allclose(squash(jnp.float32(s)), shrunk(s), atol=1e-6)
    assert np.isfinite(jax.grad(lambda s: squash(s).sum())(jnp.zeros((2, 3)))).all()


@pytest.mark.parametrize("iterations", [1, 3])
def test_routing_is_procedure_1_of_the_paper_for_each_example_alone(iterations):
    found = jax.jit(route, static_argnums=1)(jnp.float32(VOTES), iterations)
    for example, votes in enumerate(VOTES):
        logits = np.zeros((5, 3))
        for i in range(iterations):
            shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            v = shrunk(np.einsum("io,iof->of", shares, votes))
            agreement = np.einsum("iof,of->io", votes, v)
            np.testing.assert_allclose(found.shares[example, i], shares, atol=1e-5)
            np.testing.assert_allclose(found.agreement[example, i], agreement, atol=1e-5)
            logits = logits + agreement
        np.testing.assert_allclose(found.y[example], v, atol=1e-5)
        np.testing.assert_allclose(found.lengths[example], np.linalg.norm(v, axis=-1), atol=1e-5)


def test_integer_predictions_are_routed_as_floats():
    votes = np.array([[[[2], [1]], [[2], [-1]]]])
    np.testing.assert_array_equal(route(jnp.int32(votes)).y, route(jnp.float32(votes)).y)


@pytest.mark.parametrize("inputs", [5, 500])
def test_capsules_start_as_long_as_their_inputs_however_many_there_are(inputs):
    x = jnp.float32(rng.normal(size=(4, inputs, 8)))
    layer = capsules(10, 16)
    params, _ = layer.init(jax.random.key(0), x)
    summed = jnp.einsum("bir,iorf->bof", x, params["w"]) / 10
    ratio = jnp.linalg.norm(summed, axis=-1).mean() / jnp.linalg.norm(x, axis=-1).mean()
    assert 0.8 < ratio < 1.2


def test_the_gradient_passes_through_the_shares_of_all_iterations():
    def length(votes):
        return jnp.sum(route(votes, 2).y[0, 0] ** 2)

    votes, step = jnp.float32(VOTES), 1e-2
    gradient = jax.jit(jax.grad(length))(votes)
    moved = np.zeros(VOTES.shape, np.float32)
    moved[0, 1, 2, 3] = step  # a prediction of another output, which counts by the shares alone
    by_steps = (length(votes + moved) - length(votes - moved)) / (2 * step)
    assert abs(by_steps) > 1e-4
    np.testing.assert_allclose(gradient[0, 1, 2, 3], by_steps, rtol=2e-2)


def test_a_layer_predicts_by_a_matrix_for_each_pair_of_capsules():
    x = rng.normal(size=(2, 5, 6))
    layer = capsules(3, 4)
    params, _ = layer.init(jax.random.key(0), jnp.float32(x))
    votes = np.einsum("bir,iorf->biof", x, np.asarray(params["w"], np.float64))
    np.testing.assert_allclose(layer.apply(params, {}, jnp.float32(x))[0].y, route(jnp.float32(votes)).y, atol=1e-5)
    with pytest.raises(ValueError, match=r"capsules\(3, 4\) was initialised for 5 capsules, got 2"):
        layer.apply(params, {}, jnp.ones((2, 2, 6)))
