"""Tries thousands of odd data files: `python -m benchmarks.odd_files --files 2000`.

Each file, a table of arrays, a series, a text or a folder of pictures, made by chance, is loaded and normalised as by a
run and compared with a reference in float64; every twentieth is trained on, evaluated and predicted. Right is an answer
equal to the reference, or a refusal with exit 2 and a line that names the place.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import jax

from .tried import MAKERS, Outcome, tried

_VERDICTS = ("right", "refused", "fault")


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a tally of the verdicts for each kind, and each fault with its seed; 1 if there is one."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.odd_files", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000, help="number of files (2000)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first (0)")
    parser.add_argument("--whole", type=int, default=20, help="train on each N-th (20); 0: on none")
    parser.add_argument("--kinds", nargs="+", choices=MAKERS, default=list(MAKERS), help="only these kinds")
    args = parser.parse_args(argv)
    found, start, kinds = [], time.perf_counter(), args.kinds
    with tempfile.TemporaryDirectory() as place:
        _compile_once(Path(place, "compiled"))
        for i in range(args.files):
            whole = bool(args.whole) and i // len(kinds) % args.whole == 0
            outcome = tried(kinds[i % len(kinds)], args.first + i, Path(place, str(i)), whole)
            found.append((outcome, whole))
            if outcome.verdict == "fault":
                print(f"{outcome.kind} {args.first + i} ({outcome.oddity}): {outcome.text}", flush=True)
    print(tally(found))
    print(f"{args.files:,} files in {time.perf_counter() - start:.0f} s")
    return int(any(outcome.verdict == "fault" for outcome, _ in found))


def _compile_once(folder: Path) -> None:
    """Keeps compiled programs for later files of the same shapes, and compiles without optimisation."""
    for name, value in {
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_disable_most_optimizations": True,
    }.items():
        jax.config.update(name, value)


def tally(found: Sequence[tuple[Outcome, bool]]) -> str:
    """Formats the number of each verdict by kind, of all files and of those trained on."""
    counts = Counter((outcome.kind, whole, outcome.verdict) for outcome, whole in found)
    lines = [f"{'':10}{'loaded':^30}{'trained on':^30}", f"{'':10}" + "".join(f"{each:>10}" for each in _VERDICTS * 2)]
    for kind in dict.fromkeys(outcome.kind for outcome, _ in found):
        each = (counts[kind, whole, verdict] for whole in (False, True) for verdict in _VERDICTS)
        lines.append(f"{kind:10}" + "".join(f"{count:>10,}" for count in each))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
