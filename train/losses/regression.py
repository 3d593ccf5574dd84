"""Regression losses: `(outputs, targets) -> one loss per example`, shape (batch,).

The loss of an example is the mean over its outputs. Half-precision outputs are raised to float32 first.
"""

import jax
import jax.numpy as jnp
import optax

from ._shapes import mean_per_example, same_shape

__all__ = ["arctan", "half_mse", "huber", "mae", "mse", "rmse"]


def mse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes the mean squared error, `mean((output - target)^2)`.

    Args:
        outputs: (batch, ...).
        targets: the same shape.

    Raises:
        ValueError: if the shapes differ; nothing is broadcast.

    >>> mse(jnp.array([[10.0], [6.0]]), jnp.array([[6.0], [6.0]])).tolist()
    [16.0, 0.0]
    """
    return mean_per_example(optax.squared_error(*same_shape("mse", outputs, targets)))


def half_mse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes half the mean squared error, `mean((output - target)^2) / 2`; its derivative is the difference.

    >>> half_mse(jnp.array([[10.0]]), jnp.array([[6.0]])).tolist()
    [8.0]
    """
    return mean_per_example(optax.l2_loss(*same_shape("half_mse", outputs, targets)))


def mae(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes the mean absolute error, which outliers affect less than the squared error.

    >>> mae(jnp.array([[10.0, 5.0]]), jnp.array([[6.0, 5.0]])).tolist()
    [2.0]
    """
    outputs, targets = same_shape("mae", outputs, targets)
    return mean_per_example(jnp.abs(outputs - targets))


def huber(outputs: jax.Array, targets: jax.Array, delta: float = 1.0) -> jax.Array:
    """Computes half the squared error up to a difference of `delta`, linear beyond it (Huber 1964).

    >>> huber(jnp.array([0.5, 3.0]), jnp.array([0.0, 0.0])).tolist()
    [0.125, 2.5]
    """
    return mean_per_example(optax.huber_loss(*same_shape("huber", outputs, targets), delta=delta))


def arctan(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes the arctan error, `mean(arctan(target - output)^2)`.

    It never exceeds the squared error or `(pi/2)^2`, so a single outlier cannot dominate. Its gradient vanishes with
    the distance, so training that starts far from the targets is slow.
    """
    outputs, targets = same_shape("arctan", outputs, targets)
    return mean_per_example(jnp.arctan(targets - outputs) ** 2)


def rmse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes the root of the mean squared error over a whole batch, a scalar in the targets' unit.

    At 0 the gradient is defined as 0.


    >>> float(rmse(jnp.array([3.0, 4.0]), jnp.array([0.0, 0.0])))
    3.535533905029297
    """
    mean = jnp.mean(mse(outputs, targets))
    return jnp.where(mean > 0, jnp.sqrt(jnp.where(mean > 0, mean, 1)), 0)
