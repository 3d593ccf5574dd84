"""Classification losses: `(outputs, targets) -> one loss per example`, shape (batch,).

Outputs are logits: the sigmoid or softmax is part of the loss, where it cannot overflow. Axes between the batch and
the classes (time, for example) are averaged over. Half-precision outputs are raised to float32 first. An integer that
is no class gives NaN: under jit no error can be raised, and NaN stops the training instead of teaching another class.
"""

import jax
import jax.numpy as jnp
import optax

from ..option_types import is_off
from ._shapes import binary_targets, class_indices, drop_logit_axis, mean_per_example, same_shape

__all__ = [
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "hinge",
    "multilabel_cross_entropy",
    "quadratic",
    "sparse_categorical_cross_entropy",
]


def binary_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """Computes `-(y log p + (1 - y) log(1 - p))` with `p = sigmoid(output)`.

    Args:
        outputs: logits (batch, 1) or (batch,).
        targets: 0, 1 or probabilities (batch,).
        label_smoothing: fraction of the target replaced by 1/2.

    >>> binary_cross_entropy(jnp.array([[0.0], [1e4]]), jnp.array([1, 0])).tolist()
    [0.6931471824645996, 10000.0]
    """
    outputs, targets = binary_targets("binary_cross_entropy", *drop_logit_axis(outputs, targets))
    return mean_per_example(_sigmoid_cross_entropy(outputs, targets, label_smoothing))


def multilabel_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """Computes the mean of the binary cross-entropies of the classes.

    Args:
        outputs: logits (batch, classes).
        targets: 0 or 1 (batch, classes); an example may belong to no class or to several.
        label_smoothing: fraction of each target replaced by 1/2.
    """
    outputs, targets = binary_targets("multilabel_cross_entropy", outputs, targets)
    return mean_per_example(_sigmoid_cross_entropy(outputs, targets, label_smoothing))


def categorical_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """Computes `-sum(target log softmax(output))` over the classes.

    Args:
        outputs: logits (batch, classes).
        targets: one-hot rows or probabilities that sum to 1 (batch, classes).
        label_smoothing: fraction of the target spread evenly over all classes (Szegedy et al. 2016).
    """
    outputs, targets = same_shape("categorical_cross_entropy", outputs, targets)
    return mean_per_example(optax.softmax_cross_entropy(outputs, optax.smooth_labels(targets, label_smoothing)))


def sparse_categorical_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """Computes the softmax cross-entropy for targets that are class indices.

    Args:
        outputs: logits (batch, classes) or (batch, ..., classes).
        targets: integers (batch,) or (batch, ...), from 0 to classes - 1.
        label_smoothing: fraction of the target spread evenly over all classes (Szegedy et al. 2016).

    Raises:
        TypeError: if the targets are not integers.
        ValueError: if the shapes do not fit.

    >>> sparse_categorical_cross_entropy(jnp.array([[1e4, -1e4], [0.0, 0.0]]), jnp.array([1, 0])).tolist()
    [20000.0, 0.6931471824645996]
    """
    outputs, targets = class_indices("sparse_categorical_cross_entropy", outputs, targets)
    exact = optax.softmax_cross_entropy_with_integer_labels(outputs, targets)
    if is_off(label_smoothing):
        return mean_per_example(exact)
    even = -jnp.mean(jax.nn.log_softmax(outputs), axis=-1)
    return mean_per_example((1 - label_smoothing) * exact + label_smoothing * even)


def hinge(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes the hinge loss: 0 where the correct class leads by a margin of 1, linear below it.

    Two classes: `max(0, 1 - s output)` with s = -1 for target 0 and +1 for target 1. More classes:
    `max(0, 1 + largest incorrect output - correct output)` (Crammer & Singer 2001).

    Args:
        outputs: (batch, 1) or (batch,) for two classes, (batch, classes) for more.
        targets: integers (batch,).

    >>> hinge(jnp.array([[3.0, 2.5, 0.0]]), jnp.array([0])).tolist()
    [0.5]
    """
    outputs, targets = drop_logit_axis(outputs, targets)
    if outputs.shape == targets.shape:
        outputs, targets = binary_targets("hinge", outputs, targets)
        return mean_per_example(jax.nn.relu(1 - (2 * targets - 1) * outputs))
    outputs, targets = class_indices("hinge", outputs, targets)
    correct = jnp.take_along_axis(outputs, targets[..., None], axis=-1)
    margins = (outputs - correct) + 1 - _one_hot(targets, outputs)  # exactly 0 for the correct class
    return mean_per_example(jnp.max(margins, axis=-1))


def quadratic(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Computes half the squared distance between `sigmoid(output)` and the target (Nielsen 2015, ch. 1).

    Args:
        outputs: logits (batch, classes), or (batch, 1) or (batch,) for two classes.
        targets: class indices (batch,), or 0 and 1 in the outputs' shape.

    >>> quadratic(jnp.array([[0.0, 0.0]]), jnp.array([1])).tolist()
    [0.25]
    """
    outputs, targets = drop_logit_axis(outputs, targets)
    classes = outputs.ndim > 1
    if outputs.shape == targets.shape:
        outputs, targets = binary_targets("quadratic", outputs, targets)
    else:
        outputs, targets = class_indices("quadratic", outputs, targets)
        known = targets[..., None] < outputs.shape[-1]
        targets = jnp.where(known, _one_hot(targets, outputs), jnp.nan)
    half = optax.l2_loss(jax.nn.sigmoid(outputs), targets)
    return mean_per_example(jnp.sum(half, axis=-1) if classes else half)


def _sigmoid_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float) -> jax.Array:
    return optax.sigmoid_binary_cross_entropy(outputs, (1 - label_smoothing) * targets + label_smoothing / 2)


def _one_hot(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    return jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)
