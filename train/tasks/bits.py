"""Bits at the steps of an answer: each of them is predicted by a logit, the errors are counted for each sequence."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._memory_figure import draw_memory
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "bits"]

TASKS = ("bits",)


def bits(loss: str = "auto", outputs: int = 1) -> Task:
    """Builds the prediction of several bits at some of the steps; a target of -1 does not count.

    The `loss` is the cross-entropy in nats per bit, the mean over a sequence. Scores are `wrong_bits`, the mean number
    of wrong bits in a sequence, `bit_accuracy`, the share of bits that are right, as the mean of the sequences, and
    `exact_match`, the share of sequences without an error. Guesses are right half the time.

    Args:
        loss: name of the loss.
        outputs: number of bits at a step.
    """
    cost = choose_loss("bits", LOSSES["bits"], loss)
    metrics = {
        "wrong_bits": lambda z, y: jnp.sum(_wrong(z, y), axis=(1, 2)),
        "bit_accuracy": lambda z, y: 1 - _mean(_wrong(z, y), y),
        "exact_match": lambda z, y: 1.0 - jnp.any(_wrong(z, y), axis=(1, 2)),
    }
    return Task(
        "bits", cost, metrics, public, "wrong_bits", False, _likely, jax.nn.sigmoid, units="none",
        counted="sequences", gives="bits", describe=_describe, figures=(draw_memory,),
        explain=partial(_explain, outputs),
    )  # fmt: skip


def _cross_entropy(z: jax.Array, y: jax.Array) -> jax.Array:
    """Computes the mean cross-entropy of the bits of each sequence, in nats per bit."""
    _check(z, y)
    return _mean(jax.nn.softplus(jnp.where(y > 0, -z, z)), y)


LOSSES = MappingProxyType({"bits": {"cross_entropy": _cross_entropy}})


def _wrong(z: jax.Array, y: jax.Array) -> jax.Array:
    _check(z, y)
    return (y >= 0) & ((z > 0) != (y > 0))


def _mean(each: jax.Array, y: jax.Array) -> jax.Array:
    """Computes the mean over the targets of each sequence (batch,)."""
    counts = y >= 0
    return jnp.sum(jnp.where(counts, each, 0), axis=(1, 2)) / jnp.maximum(jnp.sum(counts, axis=(1, 2)), 1)


def _check(z: jax.Array, y: jax.Array) -> None:
    if z.shape != y.shape:
        raise ValueError(f"one target per bit: outputs {z.shape} require targets of the same shape, got {y.shape}")


def _likely(z: jax.Array) -> jax.Array:
    return (z > 0).astype(jnp.int32)


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    outputs = trained.outputs(x)
    for z in outputs:
        yield {"bits": np.asarray(_likely(z)).tolist(), "probabilities": np.asarray(jax.nn.sigmoid(z)).tolist()}


def _explain(outputs: int, metrics: Mapping[str, float]) -> list[str]:
    return [f"{metrics['wrong_bits']:.4g} wrong bits in a sequence, {outputs} at each step of the answer"]
