"""Recall: a damaged pattern is completed, as by associative memories."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BadInput
from ..trainer import named_key
from .task import Task, public

__all__ = ["recall", "signs"]

TASKS = ("recall",)


def recall(*, flip: float = 0.1, erase: float = 0.0) -> Task:
    """Builds the completion of damaged patterns of +1 and -1.

    A pattern is the sign of the normalised input (`--normalize symmetric`): above 0 is +1, the rest -1. The model
    reads patterns (batch, ...) and gives as many numbers, whose signs are the recalled pattern. Reported are
    `overlap`, the mean of (1/N) sum_i recalled_i pattern_i (1: equal, 0: unrelated, -1: inverted), `exact`, the share
    of patterns recalled without an error, and `overlap_given`, the overlap of the damaged pattern.

    Args:
        flip: share of the entries whose sign is flipped, each independently.
        erase: share of the entries that are set to 0.

    >>> task, key = recall(flip=0.0, erase=1.0), jax.random.key(0)
    >>> batch = {"x": jnp.array([[0.5, -0.5]])}
    >>> task.target(batch).tolist(), task.inputs(batch, key)["x"].tolist()
    ([[1.0, -1.0]], [[0.0, 0.0]])
    """
    if min(flip, erase) < 0 or flip + erase > 1:
        raise ValueError(f"flip and erase are shares with a sum of at most 1, got {flip} and {erase}")

    def inputs(batch, key):
        x = signs(batch["x"])
        if key is not None:
            draw = jax.random.uniform(named_key(key, "damage"), x.shape)
            x = jnp.where(draw < flip, -x, jnp.where(draw < flip + erase, 0, x))
        return batch | {"x": x}

    def scores(model, params, state, batch, key):
        target, damaged = signs(batch["x"]), inputs(batch, key)["x"]
        recalled = signs(model.apply(params, state, damaged)[0])
        weight, axes = batch["weight"], tuple(range(1, target.ndim))
        each = {
            "loss": _wrong(recalled, target),
            "overlap": jnp.mean(recalled * target, axis=axes),
            "exact": jnp.all(recalled == target, axis=axes),
            "overlap_given": jnp.mean(damaged * target, axis=axes),
        }
        return {name: (jnp.sum(jnp.where(weight > 0, value, 0)), jnp.sum(weight)) for name, value in each.items()}

    return Task(
        "recall", _wrong, {}, public, "overlap", True, predict=signs, probabilities=None,
        inputs=inputs, target=lambda batch: signs(batch["x"]), scores=scores, units="none", gives="patterns",
        output="patterns", describe=_describe, figures=("recalled",), explain=_explain,
    )  # fmt: skip


def signs(x: jax.Array) -> jax.Array:
    """Returns +1 where x is positive and -1 elsewhere."""
    return jnp.where(x > 0, 1.0, -1.0)


def _wrong(outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Returns the share of entries with the wrong sign (batch,)."""
    if outputs.shape != target.shape:
        raise BadInput(
            f"--task recall: outputs must have the shape of the inputs {target.shape[1:]}, got {outputs.shape[1:]}"
        )
    return jnp.mean((signs(outputs) != target).astype(jnp.float32), axis=tuple(range(1, target.ndim)))


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields how far the recalled pattern is from the given one, and the pattern itself."""
    given = np.asarray(signs(jnp.asarray(trained.scaler.apply(np.asarray(x)))))
    for pattern, recalled in zip(given, trained.predict(x), strict=True):
        pattern, recalled = pattern.ravel(), recalled.ravel()
        yield {
            "changed": int((pattern != recalled).sum()),
            "overlap": float(np.mean(pattern * recalled)),
            "values": [float(value) for value in recalled],
        }


def _explain(metrics: Mapping[str, float]) -> list[str]:
    return [
        f"overlap {metrics['overlap']:.4f}: 1 is perfect recall, 0 none; the damaged patterns have "
        f"{metrics['overlap_given']:.4f}; {100 * metrics['exact']:.1f} % are recalled without an error"
    ]
