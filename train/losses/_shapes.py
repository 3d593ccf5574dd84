"""Checks and reductions that the supervised losses share."""

import jax
import jax.numpy as jnp

from zoo.layers import describe

__all__ = ["at_least_float32", "binary_targets", "class_indices", "drop_logit_axis", "mean_per_example", "same_shape"]


def mean_per_example(x: jax.Array) -> jax.Array:
    """Averages over every axis but the first: (batch, ...) to (batch,)."""
    return jnp.mean(x, axis=tuple(range(1, x.ndim)))


def drop_logit_axis(outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Drops the last axis of outputs (batch, 1) where the targets are (batch,)."""
    outputs, targets = at_least_float32(outputs), jnp.asarray(targets)
    if outputs.ndim == targets.ndim + 1 and outputs.shape[-1] == 1:
        outputs = outputs[..., 0]
    return outputs, targets


def same_shape(name: str, outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Checks that outputs and targets have one shape and returns both in the outputs' float type.

    Raises:
        ValueError: if the shapes differ.
    """
    outputs, targets = at_least_float32(outputs), jnp.asarray(targets)
    if outputs.shape == targets.shape:
        return outputs, targets.astype(outputs.dtype)
    hint = ": reshape one of them" if outputs.size == targets.size else ""
    raise ValueError(
        f"{name}: outputs {describe(outputs)} and targets {describe(targets)} must have the same shape{hint}"
    )


def binary_targets(name: str, outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Checks that outputs and targets have one shape; integers other than 0 and 1 become NaN, as under jit none raises.

    Raises:
        ValueError: if the shapes differ.
    """
    outputs, values = same_shape(name, outputs, targets)
    if jnp.issubdtype(jnp.asarray(targets).dtype, jnp.integer):
        values = jnp.where((values == 0) | (values == 1), values, jnp.nan)
    return outputs, values


def class_indices(name: str, outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Checks that the targets are one integer class index per row of outputs (batch, ..., classes).

    Returns:
        Outputs of at least float32, and the indices, at least int32: 8 bits cannot count 256 classes. Negative indices,
        which jax counts from the end, become the number of classes, which no class has.

    Raises:
        TypeError: if the targets are not integers.
        ValueError: if the shapes do not fit.
    """
    outputs, targets = at_least_float32(outputs), jnp.asarray(targets)
    if outputs.shape[:-1] != targets.shape or not outputs.ndim:
        raise ValueError(
            f"{name}: outputs {describe(outputs)} and targets {describe(targets)} do not fit: "
            "outputs (batch, classes) need one class index per example, (batch,)"
        )
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        raise TypeError(f"{name}: targets must be integer class indices, got {describe(targets)}")
    classes = outputs.shape[-1]
    if targets.dtype.itemsize < 4:
        targets = targets.astype(jnp.int32)
    if jnp.issubdtype(targets.dtype, jnp.unsignedinteger):
        return outputs, jnp.minimum(targets, classes).astype(jnp.int32)  # 2^32 - 1 would become -1
    return outputs, jnp.where(targets < 0, classes, targets)


def at_least_float32(outputs: jax.Array) -> jax.Array:
    """Casts to float32; float64 stays."""
    outputs = jnp.asarray(outputs)
    return outputs.astype(jnp.promote_types(outputs.dtype, jnp.float32))
