"""Recall: a damaged pattern is completed, as by associative memories."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from zoo.hopfield import CYCLE, SETTLED

from ..errors import BadInput
from ..option_types import Bounds
from ..trainer import named_key
from ._recall_figure import draw_recall
from .task import Task, public

__all__ = ["damaged", "recall", "signs"]

TASKS = ("recall",)

_USUAL = 0.15  # share of flips of patterns that are not damaged otherwise
_HALVES = ("lower", "upper", "left", "right")
_ENDINGS = {SETTLED: "fixed point", CYCLE: "cycle of two states"}


def recall(
    *,
    flip: Annotated[float, Bounds(0, 1)] | None = None,
    erase: Annotated[float, Bounds(0, 1)] = 0.0,
    hide: Literal["none", "lower", "upper", "left", "right"] = "none",
    trials: Annotated[int, Bounds(1)] = 10,
) -> Task:
    """Builds the completion of damaged patterns of +1 and -1.

    A pattern is the sign of the normalised input: above 0 is +1, the rest -1 (`--normalize symmetric`: the threshold is
    the middle of the values). The model reads patterns (batch, ...) and gives as many numbers, whose signs are the
    recalled pattern. Reported are `overlap`, the mean of (1/N) sum_i recalled_i pattern_i (1: equal, 0: unrelated, -1:
    inverted), `exact`, the share of patterns recalled without an error, and `overlap_given`, the overlap of the damaged
    pattern. Of a model with the capability `recall` they are followed by `settled`, the share of recalls that ended at
    a fixed point, and `cycles`, of those that ended in a cycle of two states.

    Args:
        flip: share of the entries whose sign is flipped (default: 0.15, or 0 with --t.erase or
            --t.hide).
        erase: share of the entries that are unknown, set to 0.
        hide: part that is unknown, set to 0: lower, upper, left or right half of an image; of other patterns lower and
            right are the second half of the entries.
        trials: number of times that each pattern is damaged for a score.

    >>> task, key = recall(erase=1.0), jax.random.key(0)
    >>> batch = {"x": jnp.array([[0.5, -0.5]])}
    >>> task.target(batch).tolist(), task.inputs(batch, key)["x"].tolist()
    ([[1.0, -1.0]], [[0.0, 0.0]])
    """
    flip = (_USUAL if hide == "none" and not erase else 0.0) if flip is None else flip
    if flip + erase > 1:
        raise BadInput(f"--t.flip {flip:g} and --t.erase {erase:g} are shares with a sum of at most 1")

    def inputs(batch, key):
        x = signs(batch["x"])
        return batch | {"x": x if key is None else damaged(x, key, flip, erase, hide)}

    def scores(model, params, state, batch, key):
        def trial(i):
            x = inputs(batch, named_key(key, "trial", i))["x"]
            return _scored(model, params, state, x, signs(batch["x"]))

        each, weight = jax.lax.map(trial, jnp.arange(trials)), batch["weight"]
        means = {name: jnp.mean(values, axis=0) for name, values in each.items()}
        return {name: (jnp.sum(jnp.where(weight > 0, value, 0)), jnp.sum(weight)) for name, value in means.items()}

    return Task(
        "recall", _wrong, {}, public, "overlap", True, predict=signs, probabilities=None,
        inputs=inputs, target=lambda batch: signs(batch["x"]), scores=scores, units="none", gives="patterns",
        output="patterns", describe=_describe, figures=(draw_recall,), explain=_explain,
    )  # fmt: skip


def signs(x: jax.Array) -> jax.Array:
    """Returns +1 where x is positive and -1 elsewhere."""
    return jnp.where(x > 0, 1.0, -1.0)


def damaged(x: jax.Array, key: jax.Array, flip: float, erase: float = 0.0, hide: str = "none") -> jax.Array:
    """Damages patterns (batch, ...): as many random entries as the shares demand are flipped or erased, half is hidden.

    Args:
        x: patterns of +1 and -1.
        key: PRNG key.
        flip: share of the entries that are flipped, rounded to a number of entries.
        erase: share of the entries that are set to 0.
        hide: half that is set to 0, or "none".
    """
    size = x[0].size
    place = jnp.argsort(jnp.argsort(jax.random.uniform(key, (len(x), size)), axis=1), axis=1).reshape(x.shape)
    x = jnp.where(place < round(flip * size), -x, jnp.where(place < round((flip + erase) * size), 0, x))
    if hide == "none":
        return x
    image = (
        x if x.ndim == 4 else x.reshape(len(x), -1, 1, 1) if hide in ("lower", "upper") else x.reshape(len(x), 1, -1, 1)
    )
    axis = 1 if hide in ("lower", "upper") else 2
    length = image.shape[axis]
    line = jnp.expand_dims(jnp.arange(length), tuple(range(1, image.ndim - axis)))
    known = line < length - length // 2 if hide in ("lower", "right") else line >= length // 2
    return jnp.where(known, image, 0).reshape(x.shape)


def _scored(model: Any, params: Any, state: Any, given: jax.Array, target: jax.Array) -> dict[str, jax.Array]:
    """Returns the scores of each pattern (batch,)."""
    found = model.recall(params, state, given) if hasattr(model, "recall") else None
    recalled = signs(model.apply(params, state, given)[0] if found is None else found.pattern)
    axes = tuple(range(1, target.ndim))
    ends = {} if found is None else {"settled": found.ending == SETTLED, "cycles": found.ending == CYCLE}
    return {
        "loss": _wrong(recalled, target),
        "overlap": jnp.mean(recalled * target, axis=axes),
        "exact": jnp.all(recalled == target, axis=axes),
        "overlap_given": jnp.mean(given * target, axis=axes),
        **ends,
    }


def _wrong(outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Returns the share of entries with the wrong sign (batch,)."""
    if outputs.shape != target.shape:
        raise BadInput(
            f"--task recall: outputs must have the shape of the inputs {target.shape[1:]}, got {outputs.shape[1:]}"
        )
    return jnp.mean((signs(outputs) != target).astype(jnp.float32), axis=tuple(range(1, target.ndim)))


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields how far the recalled pattern is from the given one, where the recall ended, and the pattern itself."""
    given = np.asarray(signs(jnp.asarray(trained.scaler.apply(np.asarray(x)))))
    found = trained.recall(x) if hasattr(trained.model, "recall") else None
    recalled = trained.predict(x) if found is None else np.asarray(signs(jnp.asarray(found.pattern)))
    for i, (pattern, other) in enumerate(zip(given, recalled, strict=True)):
        values = {"changed": int((pattern != other).sum()), "overlap": float(np.mean(pattern * other))}
        if found is not None:
            values |= {"stored": int(found.nearest[i]), "overlap_stored": float(found.overlap[i])}
            values |= {"sweeps": int(found.sweeps[i]), "ending": _ENDINGS.get(int(found.ending[i]), "still changing")}
        yield values | {"values": [float(value) for value in other.ravel()]}


def _explain(metrics: Mapping[str, float]) -> list[str]:
    lines = [
        f"overlap {metrics['overlap']:.4f}: 1 is perfect recall, 0 none; the damaged patterns have "
        f"{metrics['overlap_given']:.4f}; {100 * metrics['exact']:.1f} % are recalled without an error"
    ]
    if metrics.get("cycles"):
        lines.append(
            f"cycles {100 * metrics['cycles']:.1f} % of the recalls ended in a cycle of two states, which synchronous "
            "updates may do: they did not converge (--m.updates asynchronous always does)"
        )
    return lines
