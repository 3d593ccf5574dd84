"""Draws docs/lags.png: the gradient of the last output by earlier inputs, of rnn, gru and lstm.

`python -m benchmarks.lags` trains the three on the adding problem of two hundred steps, which takes minutes, and draws
their gradients. Given run folders are drawn instead.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import zoo
from zoo.train.data.dataset import load_data
from zoo.train.plots.lags import gradient_by_lag, lags

__all__ = ["main"]

_PICTURE = Path(__file__).parent.parent / "docs" / "lags.png"
_MODELS = ("rnn", "gru", "lstm")
_ROWS = 256  # enough for a smooth mean


def main(argv: Sequence[str] | None = None) -> int:
    """Trains the models whose runs are not given, and draws."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lags", description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path, help="runs on adding (default: train them)")
    parser.add_argument("--out", type=Path, default=_PICTURE, help="PNG file to write")
    args = parser.parse_args(argv)
    with _trained(args.runs) as folders:
        lags(dict(map(_felt, folders)), args.out)
    print(args.out)
    return 0


@contextmanager
def _trained(runs: Sequence[Path]) -> Iterator[Sequence[Path]]:
    if runs:
        yield runs
        return
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder) / model for model in _MODELS]
        for run in made:
            flags = ["--model", run.name, "--dataset", "adding", "--out", str(run), "--quiet"]
            subprocess.run([sys.executable, "-m", "zoo.train", *flags], check=True)
        yield made


def _felt(run: Path) -> tuple[str, np.ndarray]:
    """Returns the model of a run with its error, and the gradient by lag."""
    trained = zoo.load(run)
    x = load_data("adding").test.x[:_ROWS]
    x = x if trained.scaler is None else trained.scaler.apply(x)
    label = f"{trained.about['model']} (mean squared error {trained.about['metrics']['mse']:.2g})"
    return label, gradient_by_lag(trained.model, trained.params, trained.state, x)


if __name__ == "__main__":
    sys.exit(main())
