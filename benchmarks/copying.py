"""Measures copies of bits by length, and draws docs/copying.png: `python -m benchmarks.copying`.

Trains ntm and lstm by their recipes on 1 to 20 items of 8 bits, ntm with several seeds, and counts the wrong bits of
unseen sequences of up to 120 items; a memory with fewer slots than items gets more of them, as no parameter depends on
their number. A guess gets 4 of the 8 bits of an item wrong.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

import zoo
from zoo.train.data.dataset import load_data
from zoo.train.plots.lengths import Errors, errors_by_length
from zoo.train.trained.build import ModelSpec, build
from zoo.train.trained.model import Trained

from .page import DOCS

__all__ = ["LENGTHS", "main", "missed", "wrong_bits"]

LENGTHS = (5, 10, 15, 20, 25, 30, 40, 60, 80, 100, 120)
_LIMITS = {20: 0.1, 40: 1.0}  # wrong bits of a sequence, of ntm
_LONGEST, _GUESS = 20, 4.0
_SEQUENCES = 200
_ONE = np.zeros((1, 1, 10), np.float32)
_SPARE = 2  # slots for the marks of start and end


def main(argv: Sequence[str] | None = None) -> int:
    """Trains the models whose runs are not given, prints and draws; returns 1 if ntm misses a limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.copying", description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path, help="runs on copy_bits (default: train them)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of ntm (3)")
    parser.add_argument("--lengths", type=int, nargs="*", default=LENGTHS, help="numbers of items")
    parser.add_argument("--out", type=Path, default=DOCS / "copying.png", help="PNG file to write")
    args = parser.parse_args(argv)
    found: dict[str, list[list[float]]] = {}
    with _trained(args.runs, args.seeds) as runs:
        for run in runs:
            name = zoo.load(run).about["model"]
            wrong = [wrong_bits(run, items) for items in args.lengths]
            found.setdefault(name, []).append(wrong)
            print(f"{name}: " + ", ".join(f"{n} items {w:.2f}" for n, w in zip(args.lengths, wrong, strict=True)))
    curves = {
        f"{name}, median of {len(rows)}" if len(rows) > 1 else name: Errors(
            args.lengths, [statistics.median(column) for column in zip(*rows, strict=True)]
        )
        for name, rows in found.items()
    }
    errors_by_length(curves, args.out, _LONGEST, _GUESS)
    print(args.out)
    faults = [line for row in found.get("ntm", ()) for line in missed(dict(zip(args.lengths, row, strict=True)))]
    print(*faults, sep="\n", end="\n" * bool(faults))
    return 1 if faults else 0


def wrong_bits(run: Path, items: int, sequences: int = _SEQUENCES) -> float:
    """Counts the wrong bits of a run's model in unseen sequences of some number of items, the mean of a sequence."""
    data = load_data("copy_bits", options={"shortest": items, "longest": items, "examples": 10, "seed": items})
    x, y = data.test.x[:sequences], data.test.y[:sequences]
    trained = _with_slots(zoo.load(run), items + _SPARE)
    return float(np.sum((y >= 0) & (trained.predict(x) != y)) / sequences)


def _with_slots(trained: Trained, least: int) -> Trained:
    """Returns a model with at least some number of slots, if it has slots."""
    about, memory = trained.about, getattr(trained.model, "memory", None)
    if memory is None or jax.eval_shape(memory, trained.params, trained.state, _ONE)["slots"].shape[1] >= least:
        return trained
    model = build(about["model"], ModelSpec.of(about["made_for"]), {**about["options"], "slots": least})
    return replace(trained, model=model)


def missed(wrong: dict[int, float]) -> list[str]:
    """Names the limits that a run of ntm exceeds.

    >>> missed({20: 0.0, 40: 1.5, 120: 99.0})
    ['ntm: 1.50 wrong bits at 40 items, above 1']
    """
    over = [(items, most) for items, most in _LIMITS.items() if wrong.get(items, 0.0) > most]
    return [f"ntm: {wrong[items]:.2f} wrong bits at {items} items, above {most:g}" for items, most in over]


@contextmanager
def _trained(runs: Sequence[Path], seeds: int) -> Iterator[Sequence[Path]]:
    if runs:
        yield runs
        return
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for model, seed in (*(("ntm", seed) for seed in range(seeds)), ("lstm", 0)):
            made.append(Path(folder) / f"{model}-{seed}")
            flags = ["--model", model, "--dataset", "copy_bits", "--seed", str(seed), "--out", str(made[-1])]
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "zoo.train", *flags, "--quiet"], check=True)
            print(f"{model}, seed {seed}: trained in {time.perf_counter() - began:.0f} s", flush=True)
        yield made


if __name__ == "__main__":
    sys.exit(main())
