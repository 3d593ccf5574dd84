"""Classes by the lengths of capsules: margin loss and reconstruction, for one object in an image or several."""

from typing import Annotated

import jax
import jax.numpy as jnp

from ..option_types import Bounds
from ._capsule_figures import draw_agreement, draw_dimensions, draw_reconstructions
from .classification import most_likely, multiclass, multilabel
from .task import Task

__all__ = ["capsules", "margin_loss"]

TASKS = ("capsules",)
_PRESENT, _ABSENT, _DOWN = 0.9, 0.1, 0.5  # margins and weight of absent classes, of the paper
_LEAST = 1e-6  # length that still has a share


def capsules(
    outputs: int = 2,
    *,
    objects: Annotated[int, Bounds(1, 100)] = 1,
    reconstruction: Annotated[float, Bounds(0)] = 0.0005,
) -> Task:
    """Builds the classification by capsules (Sabour, Frosst & Hinton 2017).

    The loss is the margin loss, summed over the classes, plus the squared error of the reconstruction from the capsules
    of the true classes, summed over the pixels and multiplied by a weight. Reported are the `accuracy`, of several
    objects the share of images all of whose objects are found, the `margin_loss`, and `sse`, that squared error.

    Args:
        outputs: number of classes.
        objects: number of objects in each image, all of different classes; as many classes are predicted.
        reconstruction: weight of the squared error in the loss; the paper has 0.0005 for images of 784 pixels.

    >>> capsules(3, objects=2).predict(jnp.array([[0.9, 0.2, 0.7]])).tolist()
    [[1, 0, 1]]
    """
    base = multiclass(outputs=outputs) if objects == 1 else multilabel(outputs=outputs)

    def true_classes(y):
        return y[:, None] if y.ndim == 1 else jax.lax.top_k(y, objects)[1]

    def parts(found, wanted):
        (lengths, made), (x, y) = found, wanted
        error = jnp.sum(jnp.square(made - x.astype(made.dtype)), axis=tuple(range(1, x.ndim)))
        return margin_loss(lengths, _present(true_classes(y), outputs)), error

    def loss(found, wanted):
        margin, error = parts(found, wanted)
        return margin + reconstruction * error

    def predict(lengths):
        if objects == 1:
            return most_likely(lengths)
        return _present(jax.lax.top_k(lengths, objects)[1], outputs).astype(jnp.int32)

    def scores(model, params, state, batch, key):
        x, y, weight = batch["x"], batch["y"], batch["weight"]
        found, _ = model.apply(params, state, (x, true_classes(y)))
        margin, error = parts(found, (x, y))
        right = (predict(found[0]) == y).reshape(len(y), -1).all(axis=-1)
        measured = {"loss": margin + reconstruction * error, "margin_loss": margin, "sse": error, "accuracy": right}
        return {name: (jnp.sum(jnp.where(weight > 0, weight * each, 0)), jnp.sum(weight))
                for name, each in measured.items()}  # fmt: skip

    return base._replace(
        name="capsules", loss=loss, metrics={}, scores=scores, predict=predict, probabilities=_shares, baseline=None,
        inputs=lambda batch, key: batch if key is None else batch | {"x": (batch["x"], true_classes(batch["y"]))},
        target=lambda batch: (batch["x"], batch["y"]), requires=("routed", "render"), measures="",
        figures=(*base.figures, draw_reconstructions, draw_dimensions, draw_agreement),
    )  # fmt: skip


def margin_loss(lengths: jax.Array, present: jax.Array) -> jax.Array:
    """Computes the margin loss of each example (batch,), summed over the classes.

    Args:
        lengths: lengths of the class capsules (batch, classes).
        present: 1 for the classes in an image, 0 for the others, of the same shape.

    >>> round(margin_loss(jnp.array([[0.8, 0.3]]), jnp.array([[1.0, 0.0]])).item(), 3)
    0.03
    """
    there = present * jnp.square(jnp.maximum(_PRESENT - lengths, 0))
    absent = (1 - present) * jnp.square(jnp.maximum(lengths - _ABSENT, 0))
    return jnp.sum(there + _DOWN * absent, axis=-1)


def _present(classes: jax.Array, outputs: int) -> jax.Array:
    return jnp.sum(jax.nn.one_hot(classes, outputs), axis=1)


def _shares(lengths: jax.Array) -> jax.Array:
    """Divides lengths by their sum, to compare classes; a length is itself no share."""
    lengths = jnp.maximum(lengths, _LEAST)
    return lengths / jnp.sum(lengths, axis=-1, keepdims=True)
