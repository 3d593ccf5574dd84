"""How much sooner a sweep's seeds are done: `python -m benchmarks.sweep`.

Three ways to train the seeds of one setting: each as a run of its own, as `python -m zoo.train` would; one after
another with the programs of the first (what a sweep does at least); side by side in one program by `vmap` (what it
does where `quicker_together` says so). They are run in turn, several times, and the ratios are told: of the time until
all is written, and of the training steps alone.
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
from zoo.train.recipe import Recipe
from zoo.train.setup import setup
from zoo.train.sweep import Setting, sweep

CASES = {
    "mlp on iris": recipe_for("mlp", "iris"),
    "mlp of 64 on digits": replace(recipe_for("mlp", "digits"), m={"hidden": (64,)}),
    "mlp of 256, 128 on digits": recipe_for("mlp", "digits"),
    "cnn on digits": recipe_for("cnn", "digits"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--epochs", type=float, default=10, help="of each run")
    parser.add_argument("--steps", action="store_true", help="the steps alone")
    args = parser.parse_args(argv)
    for name in args.only:
        recipe = replace(CASES[name], epochs=args.epochs, expect=None)
        chosen = "vmap" if quicker_together(setup(recipe)) else "one after another"
        print(f"{name}, {args.seeds} seeds; a sweep takes: {chosen}", flush=True)
        told(steps(recipe, args.seeds), args.rounds, "the steps", "one after another")
        if not args.steps:
            told(whole(recipe, args.seeds), args.rounds, "the whole", "runs of their own")
    return 0


def told(ways: dict[str, Callable[[], None]], rounds: int, what: str, against: str) -> None:
    """Runs the ways in turn; prints the median of their ratios to one of them."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    for name in ways:
        if name != against:
            ratios = [one / other for one, other in zip(seconds[against], seconds[name], strict=True)]
            spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
            print(
                f"  {what}: {name} is {statistics.median(ratios):.2f} {spread} times as fast as {against}", flush=True
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
    return {"one after another": apart, "vmap": beside}


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

    return {"runs of their own": own, "one after another": swept(False), "vmap": swept(True)}


if __name__ == "__main__":
    raise SystemExit(main())
