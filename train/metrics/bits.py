"""Scores of bits: wrong bits of a sequence, and the share of correct ones.

On the device `(outputs, targets) -> one number per example`, shape (batch,): logits and targets (batch, time, bits),
where steps without an answer have the target -1.
"""

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["bit_accuracy", "errors_by_length", "exact_match", "wrong_bits"]


def wrong_bits(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Counts the wrong bits of each sequence; a bit is 1 where its logit is above 0.

    >>> wrong_bits(jnp.array([[[1.0, -1.0], [1.0, 1.0]]]), jnp.array([[[1, 1], [-1, -1]]])).tolist()
    [1.0]
    """
    return jnp.sum(_wrong(outputs, targets), axis=(1, 2), dtype=jnp.float32)


def bit_accuracy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes the share of correct bits of each sequence; 1 where it has no answer.

    >>> bit_accuracy(jnp.array([[[1.0, -1.0], [1.0, 1.0]]]), jnp.array([[[1, 1], [-1, -1]]])).tolist()
    [0.5]
    """
    return 1 - wrong_bits(outputs, targets) / jnp.maximum(jnp.sum(targets >= 0, axis=(1, 2)), 1)


def exact_match(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Returns 1 for a sequence without a wrong bit, else 0."""
    return 1 - jnp.any(_wrong(outputs, targets), axis=(1, 2)).astype(jnp.float32)


def errors_by_length(truth: np.ndarray, predicted: np.ndarray) -> dict[str, list]:
    """Computes the mean number of wrong bits of sequences whose answer has the same length.

    Args:
        truth: bits (examples, time, bits), -1 at steps without an answer.
        predicted: bits of the same shape.

    Returns:
        The lengths in steps, and the wrong bits of a sequence of each.

    >>> errors_by_length(np.array([[[1], [0]], [[-1], [1]]]), np.array([[[0], [1]], [[0], [1]]]))
    {'steps': [1, 2], 'wrong_bits': [0.0, 2.0]}
    """
    lengths = np.sum(truth[..., 0] >= 0, axis=1)
    wrong = np.sum((truth >= 0) & (truth != predicted), axis=(1, 2))
    steps = np.unique(lengths)
    return {"steps": steps.tolist(), "wrong_bits": [float(wrong[lengths == each].mean()) for each in steps]}


def _wrong(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    if outputs.shape != targets.shape:
        raise ValueError(
            f"a bit per output: outputs {outputs.shape} require targets of that shape, got {targets.shape}"
        )
    return (targets >= 0) & ((outputs > 0) != (targets > 0))
