"""Measures the cost of bfloat16: `python -m benchmarks.precision --data-dir DIR` trains the cnn in both precisions.

Digits are trained with the recipe of the zoo and a fold per seed, MNIST for a tenth of the recipe's length with a
shortened warmup, because a CPU emulates bfloat16. Prints every score, the difference of the means, and whether it is at
most 0.2 points. Results are stored in precision.json beside this file, so that data sets can be measured one by one
(`--only`), and written into docs/memory.md if measured in full.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import Recipe

from .page import DOCS, HERE, keep, measured_on, publish, where

KEPT = HERE / "precision.json"
_ALLOWED = 0.2  # points
_SETS = ["digits", "mnist"]
_SEEDS, _MNIST_EPOCHS = 5, 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; returns 1 if bfloat16 is worse by more than the limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="folder that holds the downloaded data sets")
    parser.add_argument("--seeds", type=int, default=_SEEDS, help=f"runs in each precision ({_SEEDS})")
    parser.add_argument("--only", nargs="+", choices=_SETS, default=_SETS, help="only these data sets")
    parser.add_argument(
        "--mnist-epochs", type=float, default=_MNIST_EPOCHS, help=f"epochs of each run on MNIST ({_MNIST_EPOCHS:g})"
    )
    args = parser.parse_args(argv)
    whole = (args.seeds, args.mnist_epochs) == (_SEEDS, _MNIST_EPOCHS)
    rows, fine = {}, True
    for name in args.only:
        recipe = recipe_for("cnn", name)
        if name == "mnist":
            share = args.mnist_epochs / recipe.epochs
            recipe = replace(recipe, epochs=args.mnist_epochs, warmup_epochs=share * recipe.warmup_epochs, expect=None)
        line, as_good = compared(recipe, args.seeds, args.data_dir)
        fine &= as_good
        rows[name] = {"line": line, **where()}
        if whole:
            publish(DOCS / "memory.md", precision=table(keep(KEPT, rows), args.seeds))
    print(table(rows, args.seeds))
    return 0 if fine else 1


def table(kept: Mapping[str, Mapping], seeds: int) -> str:
    """Makes the Markdown table, followed by the machine and the versions."""
    there = [kept[name] for name in _SETS if name in kept]
    head = [f"| cnn, mean of {seeds} | float32 | bf16 | |", "|---|---|---|---|"]
    return "\n".join([*head, *(each["line"] for each in there), "", measured_on(there)])


def compared(recipe: Recipe, seeds: int, data_dir: Path | None) -> tuple[str, bool]:
    """Trains every seed in both precisions; returns a row of the table and whether the limit is met."""
    what, scores = f"{recipe.dataset}, {recipe.epochs:g} epochs", {"float32": [], "bf16": []}
    for seed in range(seeds):
        for dtype, each in scores.items():
            each.append(100 * accuracy(replace(recipe, dtype=dtype, seed=seed), data_dir))
            print(f"{what}, seed {seed}, {dtype}: {each[-1]:.2f}", flush=True)
    lost = statistics.mean(scores["float32"]) - statistics.mean(scores["bf16"])
    cells = [f"{statistics.mean(each):.2f} % ({min(each):.2f} to {max(each):.2f})" for each in scores.values()]
    cells.append(f"bf16 is {abs(lost):.2f} points {'worse' if lost > 0 else 'better'}; the limit is {_ALLOWED}")
    return f"| {what} | {' | '.join(cells)} |", lost <= _ALLOWED


def accuracy(recipe: Recipe, data_dir: Path | None) -> float:
    """Returns the test accuracy after the last epoch; of digits each seed uses another fifth as test set."""
    if recipe.dataset == "digits":
        recipe = replace(recipe, d={"fold": recipe.seed % 5}, expect=None)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(out=Path(folder) / "run", data_dir=data_dir, quiet=True, pictures=False, ckpt_every="off")
        return run(recipe, options).metrics["accuracy"]


if __name__ == "__main__":
    sys.exit(main())
