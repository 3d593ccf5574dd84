"""Compares training on several devices with one: `python -m benchmarks.devices`.

Trains four models on eight simulated CPU devices, as `python -m zoo.train` would: with data parallelism, with
parameters sharded along a second axis by rules, and with large arrays sharded over all devices. The losses of every
step and the final scores are compared with those of one device, trained in the same process. Prints a Markdown table
and exits with 1 if a checked loss differs by more than 1e-4. Rows are stored in devices.json beside this file, so that
models can be measured one by one (`--only`), and shown in docs/devices.md.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from zoo.train.callback import Callback
from zoo.train.config.recipe import Recipe, recipe_for
from zoo.train.config.run_options import RunOptions
from zoo.train.distributed.sharding import Sharding, sharding_for
from zoo.train.engine.loop import train
from zoo.train.runs.setup import Setup, setup

from .page import DOCS, HERE, keep, measured_on, publish, where

BOUND = 1e-4  # of the difference of two losses
KEPT = HERE / "devices.json"
_MEASURED = ("loss", "d_loss")
_COUNT = 8
_STEPS = 200
_FEW = ("1 device", "data=4, model=2", "fsdp")  # of a short check
_FLAG = "--xla_force_host_platform_device_count"


class Work(NamedTuple):
    """A run, its sharding rules and the kind of comparison.

    Attributes:
        recipe: recipe of the run.
        shard: rules that shard parameters along the axis `model`.
        note: differences from the zoo's own recipe, for the table.
        double: compute in float64, where rounding is too small to matter; rows are float32 all the same.
        held: whether the bound is checked. If two cells of a pooling window, or a ReLU unit and 0, differ by less than
            the rounding of float32, rounding decides the path of the gradient, and two correct runs diverge.
    """

    recipe: Recipe
    shard: tuple[str, ...]
    note: str = ""
    double: bool = False
    held: bool = True


_CNN = Work(recipe_for("cnn"), ("stage1/0/w=None,None,None,model", "hidden/1/w=None,model", "head/w=model,None"))
_SMOOTH = replace(_CNN.recipe, m={**_CNN.recipe.m, "activation": "gelu"})

WORK = {
    "cnn": (
        _CNN._replace(note="in float64", double=True),
        _CNN._replace(note="gelu for ReLU", recipe=_SMOOTH),
        _CNN._replace(note="not checked against the bound", held=False),
    ),
    "mlp": (Work(recipe_for("mlp"), ("body/0/w=None,model", "body/0/b=model", "head/w=model,None")),),
    "lstm": (Work(recipe_for("lstm"), (".*/w_[xh]=None,model", "head/w=model,None")),),
    # By small steps: two players make much of rounding, and adam moves as far where a gradient is nothing else.
    "dcgan": (
        Work(
            replace(recipe_for("dcgan"), opt="sgd", lr=5e-3),
            (".*/stage1/0/w=None,None,None,model",),
            note="sgd at 0.005 for adam, in float64",
            double=True,
        ),
    ),
}


def placements(work: Work) -> dict[str, Sharding]:
    """Returns the shardings by name; the others are compared with the first."""
    cut = RunOptions(mesh="data=4,model=2", shard=work.shard)
    asked = {
        "1 device": (1, RunOptions()),
        "2 devices": (2, RunOptions()),
        "8 devices": (_COUNT, RunOptions()),
        "data=4, model=2": (_COUNT, cut),
        "fsdp": (_COUNT, RunOptions(fsdp=True)),
    }
    return {name: sharding_for(options, jax.devices()[:count]) for name, (count, options) in asked.items()}


class _Rows(Callback):
    """Callback that stores every row."""

    def __init__(self):
        self.rows: list[dict[str, Any]] = []

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Stores the row."""
        self.rows.append(row)


def trained(work: Work, placement: Sharding) -> list[dict[str, Any]]:
    """Trains without a run folder; returns the row of every step and the final scores."""
    jax.config.update("jax_enable_x64", work.double)
    parts, ear = setup(work.recipe, sharding=placement, score_samples=False, log_every=1), _Rows()
    train(
        parts.advance,
        replace(parts.plan, evaluate_every=parts.plan.steps),
        parts.key,
        evaluate=lambda fit, step: [_scored(parts, fit, step)],
        rate=parts.rate,
        callbacks=[ear],
    )
    return ear.rows


def _scored(parts: Setup, fit: dict, step: int) -> dict[str, Any]:
    return {"split": "test", "step": step, **parts.evaluations["test"](fit, parts.key, step)}


def apart(rows: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> float:
    """Computes the largest difference between the losses of two runs, of any step and of the final scores.

    Raises:
        ValueError: if their rows differ in number.
    """
    losses = [
        [(row["step"], name, row[name]) for row in each for name in _MEASURED if name in row] for each in (rows, others)
    ]
    return float(np.max([abs(a - b) for (*_, a), (*_, b) in zip(*losses, strict=True)]))


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, compares and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.devices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=WORK, default=list(WORK), help="measure only these models")
    parser.add_argument("--steps", type=int, default=_STEPS, help=f"number of steps of each run ({_STEPS})")
    parser.add_argument("--check", action="store_true", help="small models and few steps, for a test")
    args = parser.parse_args(argv)
    fake_devices()
    jax.config.update("jax_disable_most_optimizations", args.check)  # compiling is what takes the time of short runs
    rows = {}
    for work in [each for name in args.only for each in WORK[name][: 1 if args.check else None]]:
        name, work = _named(work), small(work) if args.check else _of_steps(work, args.steps)
        ways = placements(work)
        found = compared(work, {way: ways[way] for way in _FEW} if args.check else ways)
        rows[name] = {"held": work.held, "apart": found, **where()}
        print(f"{name}: {', '.join(f'{way} {each:.1e}' for way, each in found.items())}", flush=True)
        if not args.check and args.steps == _STEPS:
            _show(keep(KEPT, {name: rows[name]}))
    print(table(rows))
    return int(not worst(rows) <= BOUND)


def _show(kept: Mapping[str, Mapping]) -> None:
    """Writes the stored rows of current models into the page, in order."""
    names = [_named(work) for works in WORK.values() for work in works]
    publish(DOCS / "devices.md", devices=table({name: kept[name] for name in names if name in kept}))


def worst(rows: Mapping[str, Mapping]) -> float:
    """Computes the largest difference that is checked; NaN if one is NaN."""
    return float(np.max([each for row in rows.values() if row["held"] for each in row["apart"].values()], initial=0))


def table(rows: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table, followed by the comparison with the bound, the machine and the versions."""
    ways = list(dict.fromkeys(way for row in rows.values() for way in row["apart"]))
    lines = [f"| against 1 device | {' | '.join(ways)} |", f"|---{'|---' * len(ways)}|"]
    for name, row in rows.items():
        cells = [f"{row['apart'][way]:.1e}" if way in row["apart"] else "" for way in ways]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    last = f"The largest difference checked is {worst(rows):.1e}; the bound is {BOUND:.0e}."
    return "\n".join([*lines, "", last, measured_on(list(rows.values()))])


def _named(work: Work) -> str:
    return f"{work.recipe.model} on {work.recipe.dataset}" + (f", {work.note}" if work.note else "")


def fake_devices() -> None:
    """Makes the CPU act as eight devices.

    Raises:
        SystemExit: if jax has already started on fewer.
    """
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FLAG}={_COUNT}"
    jax.config.update("jax_platforms", "cpu")
    if jax.device_count() < _COUNT:
        raise SystemExit(f"jax has started on {jax.device_count()} devices already: use a new process")


def compared(work: Work, ways: Mapping[str, Sharding]) -> dict[str, float]:
    """Computes the difference of each sharding from the first one."""
    rows = {name: trained(work, placement) for name, placement in ways.items()}
    first, *others = ways
    return {name: apart(rows[first], rows[name]) for name in others}


def _of_steps(work: Work, steps: int) -> Work:
    return work._replace(recipe=replace(work.recipe, steps=steps))


def small(work: Work) -> Work:
    """Returns a run of a few seconds whose parameters are still large enough to be sharded."""
    sizes = {
        "cnn": {"filters": (8, 16)},
        "dcgan": {"filters": (8, 16)},
        "mlp": {"hidden": (32,)},
        "lstm": {"width": 32},
    }
    recipe = work.recipe
    return work._replace(recipe=replace(recipe, m={**recipe.m, **sizes[recipe.model]}, steps=12, batch_size=32))


if __name__ == "__main__":
    sys.exit(main())
