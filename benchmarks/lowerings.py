"""Measures optimised lowerings against their plain forms, in one process by turns: `python -m benchmarks.lowerings`.

A lowering is judged by a whole gradient, because a gain in isolation can be a loss inside a network. Ratios are
computed turn by turn: the time of the plain form divided by that of the lowering.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax

from .lowering_cases import CASES
from .rounds import measure, ratios

__all__ = ["by_turns", "main", "timed"]


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.lowerings", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=[*CASES, "allocator"], default=[*CASES, "allocator"])
    parser.add_argument("--turns", type=int, default=20, help="number of turns of each form (20)")
    args = parser.parse_args(argv)
    for name in args.only:
        if name == "allocator":
            print(_allocator(max(2, args.turns // 5)))
            continue
        about, ours, plain = CASES[name]()
        print(f"{name}: {about}: {by_turns(ours, plain, args.turns)}", flush=True)
    return 0


def timed(ours: Callable[[], Any], plain: Callable[[], Any], turns: int) -> tuple[list[float], list[float]]:
    """Measures the milliseconds of both forms, called in turns, after one compiling call each."""
    times: tuple[list[float], list[float]] = [], []
    for call in (ours, plain):
        jax.block_until_ready(call())
    for _ in range(turns):
        for call, kept in zip((ours, plain), times, strict=True):
            began = time.perf_counter()
            jax.block_until_ready(call())
            kept.append(1000 * (time.perf_counter() - began))
    return times


def by_turns(ours: Callable[[], Any], plain: Callable[[], Any], turns: int) -> str:
    """Prints the time of both forms, called in turns."""
    times = timed(ours, plain, turns)
    pairs = [b / a for a, b in zip(*times, strict=True)]
    low, _, high = statistics.quantiles(pairs, n=4)
    a, b = map(statistics.median, times)
    return (
        f"ours {a:.2f} ms, plain {b:.2f} ms, ratio {statistics.median(pairs):.2f} (half of all {low:.2f} to {high:.2f})"
    )


def _allocator(rounds: int) -> str:
    """Measures the training step of the CNN in processes with and without kept freed memory, by turns."""
    kept, plain = [], []
    try:
        for _ in range(rounds):
            for malloc, figures in ((True, kept), (False, plain)):
                figures += measure("cnn", ["ours"], 1, 4, malloc, print_fn=lambda line: None)["peers"]["ours"]
    except (KeyError, subprocess.CalledProcessError) as error:
        return f"allocator: not measured: {error}"
    a, b = (statistics.median(each["ms"] for each in figures) for figures in (kept, plain))
    times = "{:.2f} ({:.2f} to {:.2f})".format(*ratios(kept, plain))
    return f"allocator: CNN's step, freed memory kept {a:.1f} ms, given back {b:.1f} ms, ratio {times}"


if __name__ == "__main__":
    sys.exit(main())
