"""The examples that an associative memory stores: all of a data set, or some of them; they are its test examples."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Split
from ..data.normalize import Scaler, fit_scaler
from ..data.on_disk import DiskArray, take
from ..data.split import joined
from ..errors import BadInput

__all__ = ["least_correlated", "stored_examples"]

_CANDIDATES = 4096  # examples among which some are chosen; their overlaps fill 64 MiB
_NUMBERS = 1 << 26  # entries of their patterns
_SHARP, _ROUNDS = 15.0, 30  # of the search: weight of large overlaps, and passes of exchanges at most
_SHOWN = 10  # examples in a line
_BLOCK = 1024  # patterns whose overlaps with all others are computed at a time


def stored_examples(
    recipe: Recipe, data: Dataset, options: Mapping[str, Any], note: Callable[[str], None] = lambda text: None
) -> Dataset:
    """Returns the data set whose training and test examples are those that are stored.

    Args:
        recipe: Recipe of the run.
        data: Data set as loaded; none of its examples is held out.
        options: Options of the trainer: `patterns`, the number to store (None: all), and `choose`.
        note: Called with lines on what is stored, and on the threshold between +1 and -1.

    Raises:
        BadInput: If examples are to be held out, there are fewer than wanted, or the inputs are no numbers.
    """
    _check(recipe, data)
    whole = isinstance(data.train.x, DiskArray) or not data.held_out or data.train is data.test
    every = data.train if whole else joined(data.train, data.test)
    total, count, how = len(every.x), options.get("patterns"), options.get("choose", "apart")
    count = total if count is None else count
    if not 1 <= count <= total:
        raise BadInput(
            f"--t.patterns {count}: {data.name} has {total:,} examples, of which 1 to {total:,} can be stored"
        )
    chosen = np.arange(total) if count == total else _CHOICES[how](every.x, count, recipe)
    x = take(every.x, chosen)
    kept = Split(x[:] if isinstance(x, DiskArray) else x, take(every.y, chosen))
    for line in _lines(recipe, data, kept, chosen, total, how):
        note(line)
    return replace(data, train=kept, test=kept, val=None, held_out=False)


def least_correlated(patterns: np.ndarray, count: int) -> np.ndarray:
    """Chooses patterns with small overlaps: greedily, then by exchanges as long as the sum of exp(15 |overlap|) falls.

    Args:
        patterns: (n, entries) of +1 and -1.
        count: Number to choose.

    Returns:
        Sorted indices (count,).

    >>> least_correlated(np.array([[1, 1, 1, 1], [1, 1, 1, -1], [1, 1, -1, -1]]), 2).tolist()
    [0, 2]
    """
    p = patterns.astype(np.float32)
    costs = np.exp(_SHARP * (np.abs(p @ p.T / p.shape[1]) - 1)).astype(np.float64)
    np.fill_diagonal(costs, 0)

    def cheapest(total: np.ndarray, taken: list[int]) -> int:
        total = total.copy()
        total[taken] = np.inf
        return int(total.argmin())

    chosen = [int(costs.sum(axis=1).argmin())]
    while len(chosen) < count:
        chosen.append(cheapest(costs[chosen].sum(axis=0), chosen))
    for _ in range(_ROUNDS):
        before = list(chosen)
        total = costs[chosen].sum(axis=0)
        for i, old in enumerate(before):
            others = total - costs[old]
            new = cheapest(others, chosen[:i] + chosen[i + 1 :])
            if others[new] < others[old] * (1 - 1e-9):
                chosen[i], total = new, others + costs[new]
        if chosen == before:
            break
    return np.sort(chosen)


def _apart(x: Any, count: int, recipe: Recipe) -> np.ndarray:
    size = int(np.prod(x.shape[1:]))
    among = np.unique(
        np.linspace(0, len(x) - 1, min(len(x), max(count, min(_CANDIDATES, _NUMBERS // size)))).astype(int)
    )
    part = take(x, among)
    part = part[:] if isinstance(part, DiskArray) else part
    return among[least_correlated(_patterns(part, fit_scaler(part, recipe.normalize)), count)]


def _random(x: Any, count: int, recipe: Recipe) -> np.ndarray:
    """Returns indices from raw bits, which numpy keeps stable, unlike its shuffles."""
    return np.sort(np.argsort(np.random.PCG64(recipe.seed).random_raw(len(x)), kind="stable")[:count])


_CHOICES = {"apart": _apart, "random": _random, "first": lambda x, count, recipe: np.arange(count)}
_WORDS = {"apart": "the least correlated", "random": "drawn at random", "first": "the first"}


def _check(recipe: Recipe, data: Dataset) -> None:
    if data.vocabulary or data.train.x.ndim < 2 or data.train.lengths is not None:
        raise BadInput(f"{recipe.model} stores patterns of numbers; the examples of {data.name} are none of one size")
    for flag, value in (("val-share", recipe.val_share), ("patience", recipe.patience)):
        if value:
            raise BadInput(f"--{flag} {value:g}: {recipe.model} recalls the examples that it stores; none is held out")


def _patterns(x: np.ndarray, scaler: Scaler) -> np.ndarray:
    return np.where(scaler.apply(x) > 0, 1, -1).reshape(len(x), -1)


def _overlaps(p: np.ndarray) -> tuple[float, float]:
    """Returns the largest and the mean absolute overlap of two of the patterns (n, entries), computed by blocks."""
    most, total, count = 0.0, 0.0, len(p)
    for start in range(0, count, _BLOCK):
        overlaps = np.abs(p[start : start + _BLOCK] @ p.T) / p.shape[1]
        rows = np.arange(len(overlaps))
        overlaps[rows, start + rows] = 0  # of a pattern with itself
        most, total = max(most, float(overlaps.max())), total + float(overlaps.sum(dtype=np.float64))
    return most, total / max(count * (count - 1), 1)


def _lines(recipe: Recipe, data: Dataset, kept: Split, chosen: np.ndarray, total: int, how: str) -> list[str]:
    """Returns the lines that name what is stored, how alike it is, and the threshold."""
    scaler, count = fit_scaler(kept.x, recipe.normalize), len(chosen)
    p = _patterns(kept.x, scaler).astype(np.float32)
    most, mean = _overlaps(p)
    classes = data.classes if kept.y.ndim == 1 and kept.y.dtype.kind in "iu" else ()
    names = [f"{i} ({classes[y]})" if classes else str(i) for i, y in zip(chosen, kept.y, strict=True)][:_SHOWN]
    which = "all" if count == total else f"{_WORDS[how]} (--t.choose)"
    alike = f"; the largest overlap of two is {most:.2f}, the mean {mean:.2f}" if count > 1 else ""
    levels = ", ".join(f"{level:.4g}" for level in scaler.shift)
    size, normalize = p.shape[1], recipe.normalize
    return [
        f"stored   {count:,} of {total:,} examples, {which}: {', '.join(names)}{', ...' * (count > _SHOWN)}{alike}",
        f"patterns of {size:,} entries: +1 where a value is above {levels}, else -1 (--normalize {normalize})",
    ]
