"""The regression losses against formulas by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.losses import regression as losses

pytestmark = pytest.mark.usefixtures("quick_compiler")

try:
    from jax import enable_x64
except ImportError:  # before jax 0.8
    from jax.experimental import enable_x64

REGRESSION = [losses.mse, losses.half_mse, losses.mae, losses.huber, losses.arctan]


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (losses.mse, lambda d: d**2),
        (losses.half_mse, lambda d: d**2 / 2),
        (losses.mae, lambda d: abs(d)),
        (losses.huber, lambda d: d**2 / 2 if abs(d) <= 1 else abs(d) - 0.5),
        (losses.arctan, lambda d: np.arctan(d) ** 2),
    ],
)
def test_losses_equal_their_formula_for_each_example(loss, formula):
    outputs, targets = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32) * 2
    expected = [np.mean([formula(d) for d in row]) for row in targets - outputs]
    np.testing.assert_allclose(loss(outputs, targets), expected, rtol=1e-5)
    flat = loss(outputs[:, 0], targets[:, 0])
    np.testing.assert_allclose(flat, [formula(d) for d in targets[:, 0] - outputs[:, 0]], rtol=1e-5)


@pytest.mark.parametrize("loss", [*REGRESSION, losses.rmse])
def test_shapes_that_would_broadcast_raise_and_both_are_in_the_message(loss):
    with pytest.raises(ValueError, match=r"float32\[5,1\] and targets float32\[5\]"):
        loss(jnp.ones((5, 1)), jnp.ones(5))


@pytest.mark.parametrize("loss", [losses.mse, losses.huber, losses.arctan])
def test_gradients_equal_finite_differences(loss):
    with enable_x64(True):
        outputs, targets, direction = jnp.asarray(np.random.default_rng(1).normal(size=(3, 6, 4)))
        total = jax.jit(lambda o: loss(o, targets).sum())
        slope = (total(outputs + 1e-6 * direction) - total(outputs - 1e-6 * direction)) / 2e-6
        np.testing.assert_allclose(jnp.vdot(jax.jit(jax.grad(total))(outputs), direction), slope, rtol=1e-6)


def test_rmse_is_the_root_over_the_batch_and_its_gradient_at_zero_is_zero():
    outputs, targets = jnp.array([[1.0, 2.0], [3.0, 8.0]]), jnp.array([[1.0, 2.0], [0.0, 4.0]])
    np.testing.assert_allclose(losses.rmse(outputs, targets), 2.5)
    np.testing.assert_array_equal(jax.grad(losses.rmse)(targets, targets), jnp.zeros((2, 2)))


def test_half_precision_outputs_give_a_float32_loss():
    assert losses.mse(jnp.ones((6, 4), jnp.bfloat16), jnp.zeros((6, 4))).dtype == jnp.float32
