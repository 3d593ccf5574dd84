"""Measures the cost of one checkpoint per epoch: runs of the command line with and without, in turns."""

import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import Popen

__all__ = ["ALLOWED", "cost"]

ALLOWED = 0.03  # more time than without
_RUN = ("--model", "cnn", "--dataset", "mnist", "--quiet", "--no-pictures")
_EPOCH = "469"  # steps of MNIST in batches of 128


def cost(
    place: Path, pairs: int, epochs: float, data_dir: str, begin: Callable[[Path, Sequence[str]], Popen]
) -> tuple[float, str]:
    """The time of runs with a checkpoint an epoch over that of runs without: the median of the pairs, and in words.

    Args:
        place: folder for the runs.
        pairs: of runs; which of the two goes first alternates, and one pair before compiles.
        epochs: of each.
        data_dir: holds MNIST.
        begin: starts a run in a folder with flags.
    """
    seconds: dict[str, list[float]] = {"off": [], _EPOCH: []}
    for pair in range(pairs + 1):
        for every in sorted(seconds, reverse=bool(pair % 2)):
            folder = place / f"cost-{every}-{pair}"
            words = (*_RUN, "--epochs", str(epochs), "--ckpt-every", every, "--data-dir", data_dir)
            if begin(folder, words).wait() != 0:
                raise SystemExit(f"the run in {folder} failed")
            if pair:
                seconds[every].append(json.loads((folder / "result.json").read_text())["seconds"])
    ratios = [after / before for before, after in zip(seconds["off"], seconds[_EPOCH], strict=True)]
    ratio, without, with_ = (statistics.median(each) for each in (ratios, seconds["off"], seconds[_EPOCH]))
    text = f"{ratio:.4f} times the time without ({min(ratios):.4f} to {max(ratios):.4f}); "
    return ratio, text + f"{with_:.1f} s with, {without:.1f} s without"
