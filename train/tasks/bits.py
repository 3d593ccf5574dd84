"""Bits at every time step: random sequences to be repeated or recalled, as in Graves et al. 2014."""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..data.on_disk import blocks
from ..errors import BadInput
from ..losses import classification as losses
from ..metrics import bits as metrics
from ._length_figure import draw_lengths
from .baseline import Baseline, log_odds
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "bits"]

TASKS = ("bits",)
TARGETS = MappingProxyType({"bits": "bits at every step"})
PER_STEP = ("bits",)
LOSSES = MappingProxyType({"bits": {"cross_entropy": losses.multilabel_cross_entropy}})
_ROWS = 4096  # examples summed at a time


def bits(loss: str = "auto", outputs: int = 1, label_smoothing: float = 0) -> Task:
    """Builds the decision of several bits at every step, each by one logit.

    Targets are bits (batch, time, outputs), -1 at steps without an answer. The `loss` is the cross-entropy in nats per
    bit, `wrong_bits` the number of wrong bits of a sequence, `bit_accuracy` the share of correct ones, and
    `exact_match` the share of sequences without a wrong bit.

    Args:
        loss: name of the loss.
        outputs: number of bits in a step.
        label_smoothing: of the cross-entropy.

    Raises:
        BadInput: if there is no bit.

    >>> task = bits(outputs=2)
    >>> z, y = jnp.array([[[3.0, -3.0], [9.0, 9.0]]]), jnp.array([[[1, 1], [-1, -1]]])
    >>> round(float(task.loss(z, y)[0]), 4), task.metrics["wrong_bits"](z, y).tolist()
    (1.5486, [1.0])
    """
    cost = choose_loss("bits", LOSSES["bits"], loss, label_smoothing)
    if outputs < 1:
        raise BadInput(f"a task of bits has at least one output, got {outputs}")
    scores = {
        "wrong_bits": metrics.wrong_bits,
        "bit_accuracy": metrics.bit_accuracy,
        "exact_match": metrics.exact_match,
    }
    return Task(
        "bits", _answered(cost), scores, public, "wrong_bits", False, _predict, jax.nn.sigmoid, counted="sequences",
        gives="bits at every step", describe=_describe, compare=_compare, details=_details, figures=(draw_lengths,),
        baseline=_shares,
    )  # fmt: skip


def _answered(loss: Callable) -> Callable:
    """Lifts a loss of steps, (n, bits) to (n,), to the mean over the steps with an answer (batch,)."""

    def cost(z, y):
        if z.shape != y.shape:
            raise ValueError(f"bits at every step: outputs {z.shape} require targets of that shape, got {y.shape}")
        there, rows = (y[..., 0] >= 0), (z.shape[0] * z.shape[1], z.shape[2])
        each = loss(z.reshape(rows), jnp.maximum(y, 0).reshape(rows)).reshape(there.shape)
        return jnp.sum(jnp.where(there, each, 0), axis=1) / jnp.maximum(jnp.sum(there, axis=1), 1)

    return cost


def _predict(z: jax.Array) -> jax.Array:
    return (z > 0).astype(jnp.int32)


def _compare(trained: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    x, y, lengths = data.test[:3]
    return np.asarray(y), trained.predict_indices(x, lengths)


def _details(data: Dataset, truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    return {"by_length": metrics.errors_by_length(truth, predicted)}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    for said in np.asarray(_predict(trained.outputs(x))):
        yield {"bits": " ".join("".join(map(str, step)) for step in said)}


def _shares(data: Dataset, kind: str) -> Baseline:
    """Returns the logit of the share of ones of each bit in the targets of the training examples."""
    parts = [part[part[..., 0] >= 0] for part in blocks(data.train.y, _ROWS)]
    ones = sum(part.sum(axis=0, dtype=np.int64) for part in parts)
    return Baseline("more frequent value of each bit", log_odds(np.asarray(ones), sum(map(len, parts))))
