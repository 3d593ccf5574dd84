"""Compares ten steps of every model on the device with the same steps on the CPU.

The CPU computes in a process of its own, at the same time and with programs that XLA did not optimise: on a machine
without an accelerator the comparison is of optimised programs with plain ones.
"""

import json
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import jax

from zoo import _catalogue
from zoo.train import recipe_for, trainers
from zoo.train.callback import Callback
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import Dataset, Split, load_data
from zoo.train.distributed.sharding import data_parallel
from zoo.train.engine.loop import train
from zoo.train.runs.setup import setup

from .forms import replaced

__all__ = ["FIRST", "LATER", "difference", "fewer", "losses", "reference", "short"]

FIRST, LATER = 1e-4, 1e-2
"""Bounds of the relative difference of a loss: of the first step, and of the others, which add up the rounding."""

_STEPS = 10
_SMALL = {"width": 8, "hidden": (8,), "filters": (4, 4), "order": 2, "n": 2, "units": 8, "rows": 3, "columns": 3}
_SMALL |= {"grid": (3, 2, 2), "temperatures": 5, "runs": 4}
_PLACE = {"split", "step", "epoch", "lr"}  # of a row, no result of a step


class _Rows(Callback):
    def __init__(self):
        self.rows: list[dict[str, Any]] = []

    def on_metrics(self, row: dict, fit: dict) -> None:
        self.rows.append(row)


def short(model: str, steps: int = _STEPS) -> Recipe:
    """Returns a few steps of a model's first recipe, with a small model; a rule in closed form keeps its one step."""
    recipe = recipe_for(model)
    options = {option.name: type(option.default) for option in _catalogue.card(model).options if option.default != ()}
    m = dict(recipe.m) | {name: size for name, size in _SMALL.items() if options.get(name) is type(size)}
    batch = trainers.traits(recipe.trainer).batch
    if recipe.epochs == 1 and batch == "all":
        return replace(recipe, m=m)
    if recipe.trainer == "language":
        return replace(recipe, m=m, d={"window": 16}, steps=steps, batch_size=8, warmup_epochs=0)
    if batch == "any" and recipe.epochs == 1:  # in one pass
        return replace(recipe, m=m | {"hidden": 8}, steps=6, batch_size=16)
    return replace(recipe, m=m, steps=steps, batch_size=40, warmup_epochs=0)  # for five updates of a critic


def fewer(name: str, *arguments: Any) -> Dataset:
    """Loads the first examples of a data set."""
    data = load_data(name, *arguments)

    def first(split: Split, count: int) -> Split:
        count = 30 * count if data.task == "language" else count
        return Split(*(None if each is None else each[:count] for each in split))  # pyright: ignore[reportArgumentType]

    return replace(data, train=first(data.train, 90), test=first(data.test, 32))


def reference(row: str, args: Namespace) -> dict[str, Any]:
    """Trains a model and returns the losses of every step."""
    with replaced("zoo.train.runs.setup", "load_data", fewer), jax.default_matmul_precision("highest"):
        place = data_parallel(jax.devices()[:1])
        parts, rows = setup(short(row), sharding=place, score_samples=False, log_every=1), _Rows()
        plan = replace(parts.plan, evaluate_every=10**9)
        train(parts.advance, plan, parts.key, evaluate=lambda *_: [], rate=parts.rate, callbacks=[rows])
    jax.clear_caches()
    return {"losses": [_losses(each) for each in rows.rows]}


def losses(row: str, args: Namespace) -> dict[str, Any]:
    """Compares the losses of a model with the CPU's; `fine` says whether both bounds are met."""
    theirs = _on_cpu(tuple(args.rows))
    ours = reference(row, args)["losses"]
    kept = next(theirs)
    while kept.pop("row") != row:  # a row that failed here was left out
        kept = next(theirs)
    if "failed" in kept:
        return {"failed": f"on the CPU: {kept['failed']}"}
    first = difference(ours[:1], kept["losses"][:1])
    later = difference(ours[1:], kept["losses"][1:])
    return {"steps": len(ours), "first": first, "later": later, "fine": first <= FIRST and later <= LATER}


def difference(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]]) -> float:
    """Computes the largest difference of two lists of losses, relative to the loss, of losses below 1 to 1.

    Raises:
        ValueError: if they differ in length or names.

    >>> difference([{"loss": 2.0}], [{"loss": 4.0}]), difference([], [])
    (0.5, 0.0)
    """
    pairs = list(zip(ours, theirs, strict=True))
    if any(set(a) != set(b) for a, b in pairs):
        raise ValueError(f"losses of other names: {sorted(pairs[0][0])} and {sorted(pairs[0][1])}")
    return max((abs(a[name] - b[name]) / max(1.0, abs(b[name])) for a, b in pairs for name in a), default=0.0)


def _losses(row: Mapping[str, Any]) -> dict[str, float]:
    """Returns the losses of a row; of a rule without a loss its other metrics."""
    found = {name: value for name, value in row.items() if name not in _PLACE}
    return {name: value for name, value in found.items() if "loss" in name} or found


@cache
def _on_cpu(rows: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Starts the process on the CPU; yields its lines with their row."""
    words = [sys.executable, "-m", "benchmarks.accelerator.worker", "reference", *rows]
    plain = {"JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1", "XLA_FLAGS": ""}
    process = subprocess.Popen(words, env={**os.environ, **plain}, stdout=subprocess.PIPE, text=True)

    def read() -> Iterator[dict[str, Any]]:
        for row in rows:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                raise ChildProcessError("the process on the CPU ended")
            yield json.loads(line) | {"row": row}

    return read()
