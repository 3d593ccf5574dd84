"""Measures optimised lowerings against their plain forms, in one process by turns: `python -m benchmarks.lowerings`.

A lowering is judged by a whole gradient, because a gain in isolation can be a loss inside a network. Ratios are
computed turn by turn: the time of the plain form divided by that of the lowering.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .lowering_cases import CASES
from .options import BOUND, KINDS, compare, faster
from .rounds import measure, ratios
from .timed import timed

__all__ = ["by_turns", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.lowerings", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ["options", *CASES, "allocator"]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--turns", type=int, default=20, help="number of turns of each form (20)")
    parser.add_argument(
        "--small", action="store_true", help=f"only the options; exit code 1 if others are {BOUND} times faster, twice"
    )
    args = parser.parse_args(argv)
    if args.small:
        return 0 if _options(args.turns) else 1
    for name in args.only:
        if name == "options":
            _options(args.turns)
            continue
        if name == "allocator":
            print(_allocator(max(2, args.turns // 5)))
            continue
        about, ours, plain = CASES[name]()
        print(f"{name}: {about}: {by_turns(ours, plain, args.turns)}", flush=True)
    return 0


def _options(turns: int) -> bool:
    """Compares the chosen compiler options with the others; returns whether none is faster by more than the bound.

    What seems wrong is measured again, because the machine may have been busy.
    """
    fine = True
    for kind, make in KINDS.items():
        found = compare(*make(), turns)
        print(f"options, {kind}: {found}", flush=True)
        if faster(found):
            again = compare(*make(), turns)
            wrong = sorted({*faster(found)} & {*faster(again)})
            print(f"options, {kind}, again: {again}{'; NOT THE FASTEST: ' * bool(wrong)}{', '.join(wrong)}", flush=True)
            fine = fine and not wrong
    return fine


def by_turns(ours: Callable[[], Any], plain: Callable[[], Any], turns: int) -> str:
    """Prints the time of both forms, called in turns."""
    times = timed([ours, plain], turns)
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
