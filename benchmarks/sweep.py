"""How much sooner a sweep's seeds are done: `python -m benchmarks.sweep`.

Three ways to train the seeds of one setting: each as a run of its own, as `python -m zoo.train` would; one after
another with the programs of the first (what a sweep does at least); side by side in one program by `vmap` (what it
does where `quicker_together` says so). They are run in turn, several times, and the ratios go into docs/runs.md: of the
time until all is written, and of the training steps alone.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import jax

from zoo.train import RunOptions, recipe_for, run
from zoo.train.many import Together, quicker_together
from zoo.train.outcomes import Setting
from zoo.train.recipe import Recipe
from zoo.train.setup import setup
from zoo.train.sweep import sweep

from .runs_page import Figure, add_kept, show

_COMMAND = "python -m benchmarks.sweep"
_APART, _TOGETHER = "one after another", "vmap"
CASES = {
    "mlp on iris": recipe_for("mlp", "iris"),
    "mlp of 64 on digits": replace(recipe_for("mlp", "digits"), m={"hidden": (64,)}),
    "mlp of 256, 128 on digits": recipe_for("mlp", "digits"),
    "cnn on digits": recipe_for("cnn", "digits"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, keeps and shows; 1 if a sweep chooses what is slower."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--epochs", type=float, default=10, help="of each run")
    parser.add_argument("--steps", action="store_true", help="the steps alone; nothing is kept")
    add_kept(parser)
    args = parser.parse_args(argv)
    figures, good = {}, True
    for name in args.only:
        recipe = replace(CASES[name], epochs=args.epochs, expect=None)
        together = quicker_together(setup(recipe))
        said = f"{name}, {args.seeds} seeds; a sweep takes: {_TOGETHER if together else _APART}"
        print(said, flush=True)
        alone = compared(steps(recipe, args.seeds), args.rounds)
        print(f"  the steps: {in_words(alone)}", flush=True)
        if args.steps:
            continue
        found = compared(whole(recipe, args.seeds), args.rounds)
        print(f"  the whole: {in_words(found)}", flush=True)
        text = f"the whole: {in_words(found)}; the steps alone: {in_words(alone)}"
        what = f"sweep, {said}; {args.epochs:g} epochs, compiled anew, against one after another"
        figures[f"5 {name}"] = Figure(what, f"{args.rounds} rounds", text, _COMMAND)
        good &= not together or statistics.median(found[_TOGETHER]) > 1
    if figures:
        show(figures, args.kept)
    return 0 if good else 1


def compared(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Runs the ways in turn, another one first each time: how many times as fast as one after another each is."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            began = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - began)
    return {
        name: [apart / own for apart, own in zip(seconds[_APART], seconds[name], strict=True)]
        for name in ways
        if name != _APART
    }


def in_words(ratios: dict[str, list[float]]) -> str:
    """The median of each way's ratios, and their range."""
    return ", ".join(
        f"{name} {statistics.median(each):.2f} times as fast ({min(each):.2f} to {max(each):.2f})"
        for name, each in ratios.items()
    )


def steps(recipe: Recipe, seeds: int) -> dict[str, Callable[[], None]]:
    """An epoch's steps, compiled before."""
    parts = [setup(replace(recipe, seed=seed)) for seed in range(seeds)]
    together, last = Together(parts), parts[0].plan.steps_per_epoch

    def apart():
        for each in parts:
            advance, key = each.advance, each.key
            order = advance.order(key)
            fit = advance.init(key)
            jax.block_until_ready(advance(fit, advance.zero(fit, order, key), order, 0, last, key))

    def beside():
        fits, orders = together.init(), together.order(together.keys, 0)
        jax.block_until_ready(together(fits, together.zero(fits, orders), orders, 0, last))

    apart()
    beside()
    return {_APART: apart, _TOGETHER: beside}


def whole(recipe: Recipe, seeds: int) -> dict[str, Callable[[], None]]:
    """All that a sweep does, in a new folder, compiling included."""

    def own():
        with tempfile.TemporaryDirectory() as folder:
            for seed in range(seeds):
                options = RunOptions(out=Path(folder) / str(seed), quiet=True, pictures=False, compile_cache="off")
                run(replace(recipe, seed=seed), options)

    def swept(together: bool) -> Callable[[], None]:
        def go():
            with tempfile.TemporaryDirectory() as folder:
                options = RunOptions(pictures=False, compile_cache="off")
                sweep([Setting({}, recipe)], range(seeds), Path(folder), options, together=together)

        return go

    return {_APART: swept(False), _TOGETHER: swept(True), "runs of their own": own}


if __name__ == "__main__":
    raise SystemExit(main())
