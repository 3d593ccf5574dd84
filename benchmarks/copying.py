"""Measures copying of random bits, far beyond the lengths of the training: `python -m benchmarks.copying`.

Models are trained on 1 to 20 items of 8 bits and scored on up to 120: wrong bits in a sequence, of 8 per item. Guesses
are wrong in half of them. `--draw` writes docs/copying.png from all stored values.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from zoo import load
from zoo.train import RunOptions, recipe_for, run
from zoo.train.data.dataset import load_data

from .page import DOCS, HERE, keep

__all__ = ["main", "wrong_bits"]

KEPT = HERE / "copying.json"
LENGTHS = (5, 10, 15, 20, 30, 40, 60, 80, 100, 120)
_BOUNDS = {"ntm": {20: 0.1, 40: 1.0}}
_SEQUENCES = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, measures and prints; returns 1 if a value misses its bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.copying", description=__doc__)
    parser.add_argument("--models", nargs="*", default=["ntm", "dnc", "lstm"], help="models to train (ntm dnc lstm)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each model (1)")
    parser.add_argument("--draw", action="store_true", help="draws docs/copying.png")
    args = parser.parse_args(argv)
    good = True
    for model in args.models:
        for seed in range(args.seeds):
            found = _trained(model, seed)
            print(f"{model}, seed {seed}: " + ", ".join(f"{n}: {wrong:.3g}" for n, wrong in found.items()), flush=True)
            good &= all(found[n] <= most for n, most in _BOUNDS.get(model, {}).items())
            keep(KEPT, {f"{model} {seed}": {"model": model, "seed": seed, "wrong": found}})
    if args.draw:
        _drawn(list(json.loads(KEPT.read_text()).values()), DOCS / "copying.png")
    return 0 if good else 1


def wrong_bits(trained, length: int, sequences: int = _SEQUENCES, bits: int = 8) -> float:
    """Measures the mean number of wrong bits in a sequence.

    Args:
        trained: a trained model of the task `bits`.
        length: items of each sequence.
        sequences: number of sequences.
        bits: bits of an item.
    """
    options = {"shortest": length, "longest": length, "bits": bits, "examples": sequences, "seed": 1_000_000 + length}
    x, y, lengths = load_data("copy_bits", options=options).train
    outputs = trained.outputs(x, lengths)
    return float(np.mean(np.sum((y >= 0) & ((outputs > 0) != (y > 0)), axis=(1, 2))))


def _trained(model: str, seed: int) -> dict[int, float]:
    recipe = replace(recipe_for(model, "copy_bits"), seed=seed, expect=None)
    with tempfile.TemporaryDirectory() as folder:
        run(recipe, RunOptions(out=Path(folder) / "run", quiet=True, pictures=False))
        trained = load(Path(folder) / "run")
        return {length: wrong_bits(trained, length) for length in LENGTHS}


def _drawn(rows: list[dict], path: Path) -> None:
    from zoo.train.plots.style import GREY, colour, picture

    models = list(dict.fromkeys(row["model"] for row in rows))
    with picture(path, height=3.2) as figure:
        axes = figure.subplots()
        for row in rows:
            lengths = [int(length) for length in row["wrong"]]
            name = row["model"] if row["seed"] == 0 else None
            axes.plot(
                lengths, list(row["wrong"].values()), color=colour(models.index(row["model"])), marker="o", label=name
            )
        axes.plot(LENGTHS, [4 * length for length in LENGTHS], color=GREY, linewidth=1, linestyle=":", label="guesses")
        axes.axvline(20, color=GREY, linewidth=0.8)
        axes.set_yscale("symlog", linthresh=0.1)
        axes.set_title("copying of random bits: wrong bits in a sequence")
        axes.set_xlabel("items of 8 bits; line: longest sequence of the training")
        axes.legend(loc="lower right")
    print(path)


if __name__ == "__main__":
    sys.exit(main())
