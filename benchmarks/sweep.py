"""Measures the speed of sweeps over seeds: `python -m benchmarks.sweep`.

Three ways to train the seeds of one setting: each in its own process, as `python -m zoo.train` would; sequentially
with the compiled programs of the first (the default of a sweep); together in one program by `vmap` (where
`is_faster_vmapped` allows it). They are run in turns, several times, and the ratios are written into docs/runs.md: of
the training steps alone, and of the whole time, both with nothing cached and with compiled programs on disk.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.devices import check_devices
from zoo.train.runs.setup import setup
from zoo.train.sweeps.results import Setting
from zoo.train.sweeps.sweep import sweep
from zoo.train.sweeps.vmapped_training import VmappedRuns, is_faster_vmapped

from .runs_page import Figure, add_kept, show

_COMMAND = "python -m benchmarks.sweep"
_APART, _TOGETHER = "sequential runs", "vmap"
CASES = {
    "mlp on iris": recipe_for("mlp", "iris"),
    "mlp of 64 on digits": replace(recipe_for("mlp", "digits"), m={"hidden": (64,)}),
    "mlp of 256, 128 on digits": recipe_for("mlp", "digits"),
    "rnn on future": recipe_for("rnn", "future"),
    "cnn on digits": replace(recipe_for("cnn", "digits"), steps=4),  # side by side a step takes seconds
}
_USUAL = list(CASES)[:3]  # the others by --only
Ways = Mapping[str, Callable[[], None]]
Compared = tuple[dict[str, list[float]], float]


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, keeps and shows; 1 if a sweep chooses what is slower."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CASES, default=_USUAL)
    parser.add_argument("--epochs", type=float, help="of each run; else those of its recipe")
    parser.add_argument("--steps", action="store_true", help="measure only the training steps; nothing is stored")
    add_kept(parser)
    args = parser.parse_args(argv)
    figures, good = {}, True
    for name in args.only:
        recipe = replace(CASES[name], epochs=args.epochs or CASES[name].epochs, expect=None)
        together = is_faster_vmapped(parts := setup(recipe))
        said = f"{name}, {args.seeds} seeds of {parts.plan.steps:,} steps"
        print(f"{said}; chosen by a sweep: {_TOGETHER if together else _APART}", flush=True)
        found = measured(recipe, args.seeds, args.rounds, whole=not args.steps)
        good &= not together or all(statistics.median(each[_TOGETHER]) > 1 for each, _ in found.values())
        text = "; ".join(f"{what}: {describe_ratios(*each)}" for what, each in found.items())
        what = f"sweep, {said}; chosen by a sweep: {_TOGETHER if together else _APART}"
        figures[f"5 {name}"] = Figure(what, f"{args.rounds} rounds", text, _COMMAND)
    if not args.steps:
        show(figures, args.kept)
    return 0 if good else 1


def measured(recipe: Recipe, seeds: int, rounds: int, *, whole: bool = True) -> dict[str, Compared]:
    """What `compared` gives: of the steps, and of whole sweeps without and with compiled programs on the disk."""
    begin(RunOptions(quiet=True, compile_cache="off"))
    # A few milliseconds each, so that many are taken.
    kinds = {"training steps": lambda: compared(steps(recipe, seeds), 10 * rounds)}
    with tempfile.TemporaryDirectory() as kept:
        if whole:
            kinds["nothing cached"] = lambda: compared(sweeps(recipe, seeds, None), rounds)
            kinds["programs cached"] = lambda: compared(sweeps(recipe, seeds, Path(kept)), rounds, warm=True)
        found = {}
        for what, go in kinds.items():
            found[what] = go()
            print(f"  {what}: {describe_ratios(*found[what])}", flush=True)
    return found


def compared(ways: Ways, rounds: int, *, warm: bool = False) -> Compared:
    """Runs the ways in turn, another one first each time.

    Returns:
        How many times as fast as one after another each is, and the seconds that this took.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for go in ways.values() if warm else ():
        go()
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - began)
    ratios = {
        name: [apart / own for apart, own in zip(seconds[_APART], seconds[name], strict=True)]
        for name in ways
        if name != _APART
    }
    return ratios, statistics.median(seconds[_APART])


def describe_ratios(ratios: Mapping[str, Sequence[float]], seconds: float) -> str:
    """The median of each way's ratios, and their range."""
    told = ", ".join(
        f"{name} {statistics.median(each):.2f} times as fast ({min(each):.2f} to {max(each):.2f})"
        for name, each in ratios.items()
    )
    return f"{told} as {_APART} ({seconds:.2g} s)"


def steps(recipe: Recipe, seeds: int) -> Ways:
    """An epoch's order and steps, compiled before."""
    first = setup(recipe)
    recipes = [replace(recipe, seed=seed) for seed in range(seeds)]
    parts = [first.of(each) or setup(each) for each in recipes]
    together, last = VmappedRuns(parts), min(first.plan.steps, first.plan.steps_per_epoch)
    alone, beside = [each.advance.init(each.key) for each in parts], [together.init()]

    def apart():
        for i, each in enumerate(parts):
            advance, order = each.advance, each.advance.order(each.key)
            totals = advance.zero(alone[i], order, each.key)
            alone[i], _ = jax.block_until_ready(advance(alone[i], totals, order, 0, last, each.key))

    def side_by_side():
        orders = together.order(together.keys, 0)
        beside[0], _ = jax.block_until_ready(together(beside[0], together.zero(), orders, 0, last))

    for go in (apart, side_by_side):
        go()
    return {_APART: apart, _TOGETHER: side_by_side}


def sweeps(recipe: Recipe, seeds: int, kept: Path | None) -> Ways:
    """All that a sweep does in a new folder, by a process that has compiled nothing yet.

    Args:
        recipe: what is trained.
        seeds: how many.
        kept: where compiled programs lie; None: nowhere.
    """
    options = RunOptions(quiet=True, pictures=False, compile_cache="off" if kept is None else str(kept))

    def own(folder: Path):
        for seed in range(seeds):
            jax.clear_caches()
            run(replace(recipe, seed=seed), replace(options, out=folder / str(seed)))

    def swept(together: bool) -> Callable[[Path], object]:
        return lambda folder: sweep([Setting({}, recipe)], range(seeds), folder, options, vmapped=together)

    def anew(go: Callable[[Path], object]) -> Callable[[], None]:
        def started():
            begin(options)
            with tempfile.TemporaryDirectory() as folder:
                go(Path(folder))

        return started

    return {_APART: anew(swept(False)), _TOGETHER: anew(swept(True)), "separate processes": anew(own)}


def begin(options: RunOptions) -> None:
    """As a process that has compiled nothing yet."""
    check_devices(options)
    compilation_cache.reset_cache()  # or jax stays with the folder that it was first told of
    jax.clear_caches()


if __name__ == "__main__":
    raise SystemExit(main())
