"""What bfloat16 costs: `python -m benchmarks.precision --data-dir DIR` trains the cnn in both precisions.

On digits with the recipe of the zoo, a fold of its own for every seed, and on MNIST for fewer epochs. Prints every
score, the difference of the means, and whether it is at most 0.2 points.
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

_ALLOWED = 0.2  # points


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; 1 if bfloat16 is worse by more than is allowed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="folder that holds the downloaded data sets")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=["digits", "mnist"], default=["digits", "mnist"])
    parser.add_argument("--mnist-epochs", type=float, default=3)
    args = parser.parse_args(argv)
    fine = True
    for name in args.only:
        recipe = recipe_for("cnn", name)
        if name == "mnist":
            recipe = replace(recipe, epochs=args.mnist_epochs, expect=None)
        fine &= compared(recipe, args.seeds, args.data_dir)
    return 0 if fine else 1


def compared(recipe: Recipe, seeds: int, data_dir: Path | None) -> bool:
    """Trains every seed in both precisions; prints, and tells whether bfloat16 is as good."""
    means = {}
    for dtype in ("float32", "bf16"):
        scores = [100 * accuracy(replace(recipe, dtype=dtype, seed=seed), data_dir) for seed in range(seeds)]
        means[dtype] = statistics.mean(scores)
        each = ", ".join(f"{score:.2f}" for score in scores)
        what = f"cnn on {recipe.dataset}, {recipe.epochs:g} epochs, {dtype}"
        print(f"{what}: {means[dtype]:.2f} %, mean of {seeds} ({each})", flush=True)
    lost = means["float32"] - means["bf16"]
    print(f"  bf16 is {abs(lost):.2f} points {'worse' if lost > 0 else 'better'}; allowed: {_ALLOWED}", flush=True)
    return lost <= _ALLOWED


def accuracy(recipe: Recipe, data_dir: Path | None) -> float:
    """On the test examples, after the last epoch; of digits another fifth is held out by every seed."""
    if recipe.dataset == "digits":
        recipe = replace(recipe, d={"fold": recipe.seed % 5}, expect=None)
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(out=Path(folder) / "run", data_dir=data_dir, quiet=True, pictures=False, ckpt_every="off")
        return run(recipe, options).metrics["accuracy"]


if __name__ == "__main__":
    sys.exit(main())
