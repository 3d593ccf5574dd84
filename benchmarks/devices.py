"""Training on many devices gives the numbers of one: `python -m benchmarks.devices`.

Eight fake devices of the CPU train whole runs of four animals, as `python -m zoo.train` would: every device alone its
share of each batch, parameters cut along a second axis by rules, all that is large cut over all devices. The losses of
every step, and the scores at the end, are compared with those of one device, trained in the same process. Prints a
Markdown table and, where nothing was left out, writes it into docs/devices.md; ends with 1 if a loss differs by more
than 1e-4.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax

from zoo.train.callbacks import Callback
from zoo.train.loop import train
from zoo.train.options import RunOptions
from zoo.train.placement import Placement, placement_for
from zoo.train.recipe import Recipe, recipe_for
from zoo.train.setup import Setup, setup

from .page import DOCS, measured_on, publish, where

BOUND = 1e-4  # of the difference of two losses
_MEASURED = ("loss", "d_loss")
_COUNT = 8
_STEPS = 200
_FEW = ("1 device", "data=4, model=2", "fsdp")  # of a short check
_FLAG = "--xla_force_host_platform_device_count"


class Work(NamedTuple):
    """A run, and the rules that cut its parameters along `model`."""

    recipe: Recipe
    shard: tuple[str, ...]


WORK = {
    "cnn": Work(recipe_for("cnn"), ("stage1/0/w=None,None,None,model", "hidden/1/w=None,model", "head/w=model,None")),
    "mlp": Work(recipe_for("mlp"), ("body/0/w=None,model", "body/0/b=model", "head/w=model,None")),
    "lstm": Work(recipe_for("lstm"), (".*/w_[xh]=None,model", "head/w=model,None")),
    # By small steps: two players make much of rounding, and adam moves as far where a gradient is nothing else.
    "dcgan": Work(replace(recipe_for("dcgan"), opt="sgd", lr=5e-3), (".*/stage1/0/w=None,None,None,model",)),
}


def placements(work: Work) -> dict[str, Placement]:
    """The ways to train it, the first of which the others are compared with."""
    cut = RunOptions(mesh="data=4,model=2", shard=work.shard)
    asked = {
        "1 device": (1, RunOptions()),
        "2 devices": (2, RunOptions()),
        "8 devices": (_COUNT, RunOptions()),
        "data=4, model=2": (_COUNT, cut),
        "fsdp": (_COUNT, RunOptions(fsdp=True)),
    }
    return {name: placement_for(options, jax.devices()[:count]) for name, (count, options) in asked.items()}


class _Rows(Callback):
    """Keeps every row."""

    def __init__(self):
        self.rows: list[dict[str, Any]] = []

    def row(self, row: dict, fit: dict) -> None:
        """Keeps it."""
        self.rows.append(row)


def trained(recipe: Recipe, placement: Placement) -> list[dict[str, Any]]:
    """The row of every step, and that of the scores at the end, of a run without a folder."""
    parts, ear = setup(recipe, placement=placement, judged=False, log_every=1), _Rows()
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
    """The largest difference of two runs' losses, of any step and of the scores at the end.

    Raises:
        ValueError: if they have not the same rows.
    """
    losses = [
        [(row["step"], name, row[name]) for row in each for name in _MEASURED if name in row] for each in (rows, others)
    ]
    return max(abs(a - b) for (*_, a), (*_, b) in zip(*losses, strict=True))


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, compares and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.devices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=WORK, default=list(WORK), help="these animals alone")
    parser.add_argument("--steps", type=int, default=_STEPS, help=f"of every run ({_STEPS})")
    parser.add_argument("--check", action="store_true", help="small models and few steps, for a test")
    args = parser.parse_args(argv)
    fake_devices()
    jax.config.update("jax_disable_most_optimizations", args.check)  # compiling is what takes the time of short runs
    lines, worst = [], 0.0
    for name in args.only:
        work = small(WORK[name]) if args.check else _of_steps(WORK[name], args.steps)
        ways = placements(work)
        found = compared(work, {way: ways[way] for way in _FEW} if args.check else ways)
        if not lines:
            lines += [f"| {work.recipe.steps} steps against 1 device | {' | '.join(found)} |"]
            lines += [f"|---{'|---' * len(found)}|"]
            print("\n".join(lines))
        lines.append(f"| {name} on {work.recipe.dataset} | {' | '.join(f'{each:.1e}' for each in found.values())} |")
        print(lines[-1], flush=True)
        worst = max(worst, *found.values())
    last = f"The largest difference of two losses is {worst:.1e}, allowed are {BOUND:.0e}."
    print(last)
    if not args.check and (args.only, args.steps) == (list(WORK), _STEPS):
        publish(DOCS / "devices.md", devices="\n".join([*lines, "", last, measured_on([where()])]))
    return int(not worst <= BOUND)


def fake_devices() -> None:
    """Makes the CPU pass for eight devices.

    Raises:
        SystemExit: if jax has started already on fewer.
    """
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_FLAG}={_COUNT}"
    jax.config.update("jax_platforms", "cpu")
    if jax.device_count() < _COUNT:
        raise SystemExit(f"jax has started on {jax.device_count()} devices already: begin a process of its own")


def compared(work: Work, ways: Mapping[str, Placement]) -> dict[str, float]:
    """How far from the losses of the first placement those of each other are."""
    rows = {name: trained(work.recipe, placement) for name, placement in ways.items()}
    first, *others = ways
    return {name: apart(rows[first], rows[name]) for name in others}


def _of_steps(work: Work, steps: int) -> Work:
    return work._replace(recipe=replace(work.recipe, steps=steps))


def small(work: Work) -> Work:
    """The same in a few seconds: what is cut stays large enough to be cut."""
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
