"""What bfloat16 costs: `python -m benchmarks.precision --data-dir DIR` trains the cnn in both precisions.

On digits with the recipe of the zoo, a fold of its own for every seed, and on MNIST for fewer epochs. Prints every
score, the difference of the means, and whether it is at most 0.2 points; where nothing was left out, the table goes
into docs/memory.md.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from zoo.train import RunOptions, recipe_for, run
from zoo.train.recipe import Recipe

from .page import DOCS, measured_on, publish, where

_ALLOWED = 0.2  # points
_SETS = ["digits", "mnist"]
_SEEDS, _MNIST_EPOCHS = 5, 3.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 if bfloat16 is worse by more than is allowed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="folder that holds the downloaded data sets")
    parser.add_argument("--seeds", type=int, default=_SEEDS, help=f"runs in each precision ({_SEEDS})")
    parser.add_argument("--only", nargs="+", choices=_SETS, default=_SETS, help="on these alone")
    parser.add_argument(
        "--mnist-epochs", type=float, default=_MNIST_EPOCHS, help=f"of every run on MNIST ({_MNIST_EPOCHS:g})"
    )
    args = parser.parse_args(argv)
    lines = [f"| cnn, mean of {args.seeds} | float32 | bf16 | |", "|---|---|---|---|"]
    fine = True
    for name in args.only:
        recipe = recipe_for("cnn", name)
        if name == "mnist":
            recipe = replace(recipe, epochs=args.mnist_epochs, expect=None)
        line, as_good = compared(recipe, args.seeds, args.data_dir)
        lines.append(line)
        fine &= as_good
    table = "\n".join(lines)
    print(table)
    if (args.only, args.seeds, args.mnist_epochs) == (_SETS, _SEEDS, _MNIST_EPOCHS):
        publish(DOCS / "memory.md", precision=f"{table}\n\n{measured_on([where()])}")
    return 0 if fine else 1


def compared(recipe: Recipe, seeds: int, data_dir: Path | None) -> tuple[str, bool]:
    """Trains every seed in both precisions: a line of the table, and whether bfloat16 is as good."""
    what, means, cells = f"{recipe.dataset}, {recipe.epochs:g} epochs", {}, []
    for dtype in ("float32", "bf16"):
        scores = [100 * accuracy(replace(recipe, dtype=dtype, seed=seed), data_dir) for seed in range(seeds)]
        means[dtype] = statistics.mean(scores)
        cells.append(f"{means[dtype]:.2f} % ({min(scores):.2f} to {max(scores):.2f})")
        print(f"{what}, {dtype}: {', '.join(f'{score:.2f}' for score in scores)}", flush=True)
    lost = means["float32"] - means["bf16"]
    cells.append(f"bf16 is {abs(lost):.2f} points {'worse' if lost > 0 else 'better'}, {_ALLOWED} are allowed")
    return f"| {what} | {' | '.join(cells)} |", lost <= _ALLOWED


def accuracy(recipe: Recipe, data_dir: Path | None) -> float:
    """On the test examples, after the last epoch; of digits another fifth is held out by every seed."""
    if recipe.dataset == "digits":
        recipe = replace(recipe, d={"fold": recipe.seed % 5}, expect=None)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(out=Path(folder) / "run", data_dir=data_dir, quiet=True, pictures=False, ckpt_every="off")
        return run(recipe, options).metrics["accuracy"]


if __name__ == "__main__":
    sys.exit(main())
