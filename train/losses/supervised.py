"""Losses: what a wrong output costs. `(outputs, targets) -> one number an example`, shape (batch,).

Outputs of classifiers are logits: the sigmoid or softmax is inside the loss, where it cannot overflow. Axes between
the batch and the outputs (time, say) are averaged over. Half-precision outputs are raised to float32 first.
"""

import jax
import jax.numpy as jnp
import optax

from zoo.layers import describe

__all__ = [
    "arctan",
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "half_mse",
    "hinge",
    "huber",
    "mae",
    "mse",
    "multilabel_cross_entropy",
    "quadratic",
    "rmse",
    "sparse_categorical_cross_entropy",
]


def mse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Mean squared error, the mean over an example's outputs of `(output - target)^2`.

    Args:
        outputs: (batch, ...).
        targets: of the same shape.

    Raises:
        ValueError: if the shapes differ; nothing is broadcast.

    >>> mse(jnp.array([[10.0], [6.0]]), jnp.array([[6.0], [6.0]])).tolist()
    [16.0, 0.0]
    """
    return _mean(optax.squared_error(*_alike("mse", outputs, targets)))


def half_mse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Half the mean squared error: `1/2 (output - target)^2`, whose derivative is the plain difference.

    >>> half_mse(jnp.array([[10.0]]), jnp.array([[6.0]])).tolist()
    [8.0]
    """
    return _mean(optax.l2_loss(*_alike("half_mse", outputs, targets)))


def mae(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Mean absolute error: less moved by outliers than the squared one.

    >>> mae(jnp.array([[10.0, 5.0]]), jnp.array([[6.0, 5.0]])).tolist()
    [2.0]
    """
    outputs, targets = _alike("mae", outputs, targets)
    return _mean(jnp.abs(outputs - targets))


def huber(outputs: jax.Array, targets: jax.Array, delta: float = 1.0) -> jax.Array:
    """Half the squared error up to a difference of `delta`, linear beyond (Huber 1964).

    >>> huber(jnp.array([0.5, 3.0]), jnp.array([0.0, 0.0])).tolist()
    [0.125, 2.5]
    """
    return _mean(optax.huber_loss(*_alike("huber", outputs, targets), delta=delta))


def arctan(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Arctan error: the mean of `arctan(target - output)^2`.

    Never larger than the squared error and never above `(pi/2)^2`: one outlier cannot rule. Its gradient fades with
    the distance, so a start far from the targets learns slowly.
    """
    outputs, targets = _alike("arctan", outputs, targets)
    return _mean(jnp.arctan(targets - outputs) ** 2)


def rmse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Root of the mean squared error of a whole batch: one number, in the targets' unit. At 0 its gradient is 0.

    >>> float(rmse(jnp.array([3.0, 4.0]), jnp.array([0.0, 0.0])))
    3.535533905029297
    """
    mean = jnp.mean(mse(outputs, targets))
    return jnp.where(mean > 0, jnp.sqrt(jnp.where(mean > 0, mean, 1)), 0)


def binary_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """`-(y log p + (1 - y) log(1 - p))` with `p = sigmoid(output)`.

    Args:
        outputs: logits (batch, 1) or (batch,).
        targets: (batch,), 0 or 1, or a probability.
        label_smoothing: share of the target that is replaced by 1/2.

    >>> binary_cross_entropy(jnp.array([[0.0], [1e4]]), jnp.array([1, 0])).tolist()
    [0.6931471824645996, 10000.0]
    """
    outputs, targets = _alike("binary_cross_entropy", *_squeezed(outputs, targets))
    return _mean(_sigmoid_cross_entropy(outputs, targets, label_smoothing))


def multilabel_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """Binary cross-entropy of each class by itself, their mean.

    Args:
        outputs: logits (batch, classes).
        targets: (batch, classes), 0 or 1: an example may have none of the classes, or several.
        label_smoothing: share of each target that is replaced by 1/2.
    """
    outputs, targets = _alike("multilabel_cross_entropy", outputs, targets)
    return _mean(_sigmoid_cross_entropy(outputs, targets, label_smoothing))


def categorical_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """`-sum(target log softmax(output))` over the classes.

    Args:
        outputs: logits (batch, classes).
        targets: (batch, classes), one-hot or probabilities that sum to 1.
        label_smoothing: share of the target that is spread evenly over all classes (Szegedy et al. 2016).
    """
    outputs, targets = _alike("categorical_cross_entropy", outputs, targets)
    return _mean(optax.softmax_cross_entropy(outputs, optax.smooth_labels(targets, label_smoothing)))


def sparse_categorical_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float = 0) -> jax.Array:
    """Cross-entropy of softmax where the targets are class indices.

    Args:
        outputs: logits (batch, classes) or (batch, ..., classes).
        targets: integers (batch,) or (batch, ...), from 0 to classes - 1; an index of `classes` or above gives NaN.
        label_smoothing: share of the target that is spread evenly over all classes (Szegedy et al. 2016).

    Raises:
        TypeError: if the targets are no integers.
        ValueError: if the shapes do not fit.

    >>> sparse_categorical_cross_entropy(jnp.array([[1e4, -1e4], [0.0, 0.0]]), jnp.array([1, 0])).tolist()
    [20000.0, 0.6931471824645996]
    """
    outputs, targets = _indexed("sparse_categorical_cross_entropy", outputs, targets)
    exact = optax.softmax_cross_entropy_with_integer_labels(outputs, targets)
    if not label_smoothing:
        return _mean(exact)
    even = -jnp.mean(jax.nn.log_softmax(outputs), axis=-1)
    return _mean((1 - label_smoothing) * exact + label_smoothing * even)


def hinge(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Hinge loss: nothing once the right class leads by a margin of 1, then linear.

    Two classes: `max(0, 1 - s output)` with s = -1 for target 0 and +1 for target 1. More:
    `max(0, 1 + largest wrong output - right output)` (Crammer & Singer 2001).

    Args:
        outputs: (batch, 1) or (batch,) for two classes, (batch, classes) for more.
        targets: integers (batch,).

    >>> hinge(jnp.array([[3.0, 2.5, 0.0]]), jnp.array([0])).tolist()
    [0.5]
    """
    outputs, targets = _squeezed(outputs, targets)
    if outputs.shape == targets.shape:
        return _mean(jax.nn.relu(1 - (2 * targets.astype(outputs.dtype) - 1) * outputs))
    outputs, targets = _indexed("hinge", outputs, targets)
    right = jnp.take_along_axis(outputs, targets[..., None], axis=-1)
    margins = (outputs - right) + 1 - _one_hot(targets, outputs)  # exactly 0 for the right class itself
    return _mean(jnp.max(margins, axis=-1))


def quadratic(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Half the summed squared distance of `sigmoid(output)` from the target (Nielsen 2015, ch. 1).

    Args:
        outputs: logits (batch, classes), or (batch, 1) or (batch,) for two classes.
        targets: class indices (batch,), or 0 and 1 of the outputs' shape.

    >>> quadratic(jnp.array([[0.0, 0.0]]), jnp.array([1])).tolist()
    [0.25]
    """
    outputs, targets = _squeezed(outputs, targets)
    classes = outputs.ndim > 1
    if outputs.shape != targets.shape:
        outputs, targets = _indexed("quadratic", outputs, targets)
        targets = _one_hot(targets, outputs)
    half = optax.l2_loss(jax.nn.sigmoid(outputs), targets.astype(outputs.dtype))
    return _mean(jnp.sum(half, axis=-1) if classes else half)


def _mean(x: jax.Array) -> jax.Array:
    """Over every axis but the first."""
    return jnp.mean(x, axis=tuple(range(1, x.ndim)))


def _sigmoid_cross_entropy(outputs: jax.Array, targets: jax.Array, label_smoothing: float) -> jax.Array:
    return optax.sigmoid_binary_cross_entropy(outputs, (1 - label_smoothing) * targets + label_smoothing / 2)


def _one_hot(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    return jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)


def _squeezed(outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """One logit an example may stand in an axis of its own."""
    outputs, targets = _full(outputs), jnp.asarray(targets)
    if outputs.ndim == targets.ndim + 1 and outputs.shape[-1] == 1:
        outputs = outputs[..., 0]
    return outputs, targets


def _alike(name: str, outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    outputs, targets = _full(outputs), jnp.asarray(targets)
    if outputs.shape == targets.shape:
        return outputs, targets.astype(outputs.dtype)
    hint = ": reshape one of them" if outputs.size == targets.size else ""
    raise ValueError(
        f"{name}: outputs {describe(outputs)} and targets {describe(targets)} must have the same shape{hint}"
    )


def _indexed(name: str, outputs: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    outputs, targets = _full(outputs), jnp.asarray(targets)
    if outputs.shape[:-1] != targets.shape or not outputs.ndim:
        raise ValueError(
            f"{name}: outputs {describe(outputs)} and targets {describe(targets)} do not fit: "
            "for outputs (batch, classes) it wants one class index an example, (batch,)"
        )
    if not jnp.issubdtype(targets.dtype, jnp.integer):
        raise TypeError(f"{name}: targets must be integer class indices, got {describe(targets)}")
    return outputs, targets


def _full(outputs: jax.Array) -> jax.Array:
    outputs = jnp.asarray(outputs)
    return outputs.astype(jnp.promote_types(outputs.dtype, jnp.float32))
