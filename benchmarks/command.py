"""Measures the duration of the README's first command: `python -m benchmarks.command`.

`python -m zoo.train --model cnn` trains the CNN on digits, scores it, saves it and draws plots. It is run alternately
with an empty compilation cache, as on a new machine, and with the programs that the previous run cached. The time to
its first line is measured, too. Writes the table into docs/speed.md, unless other flags are given; exits with 1 if a
median exceeds its limit.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from .page import DOCS, measured_on, publish, where

__all__ = ["LIMITS", "main", "table"]

_WORDS = ("--model", "cnn")
LIMITS = {"first line": 2.0, "programs cached": 5.0, "nothing cached": 12.0}
"""Limits in seconds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.command", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="number of rounds (7)")
    parser.add_argument("words", nargs="*", help="other flags of the command, after --")
    args = parser.parse_args(argv)
    seconds: dict[str, list[float]] = {name: [] for name in LIMITS}
    for i in range(args.rounds):
        with tempfile.TemporaryDirectory() as place:
            for name in ("nothing cached", "programs cached"):
                first, whole = timed(
                    [*_WORDS, *args.words, "--compile-cache", f"{place}/xla", "--out", f"{place}/{name}"]
                )
                seconds[name].append(whole)
                seconds["first line"].append(first)
                print(f"round {i + 1} of {args.rounds}: {name}, {whole:.1f} s", file=sys.stderr, flush=True)
    text = f"{table(seconds)}\n\n{measured_on([where()])}"
    print(text)
    if not args.words:
        publish(DOCS / "speed.md", command=text)
    return int(any(statistics.median(seconds[name]) > most for name, most in LIMITS.items()))


def timed(words: Sequence[str]) -> tuple[float, float]:
    """Measures the seconds until the first line of a command, and until its end.

    Raises:
        SystemExit: if the command fails, with its output.
    """
    # As for a user: Python keeps compiled modules.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began, pipe = time.perf_counter(), subprocess.PIPE
    command = [sys.executable, "-u", "-m", "zoo.train", *words]
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        first = time.perf_counter() - began
        rest = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{line}{rest}")
    return first, time.perf_counter() - began


def table(seconds: Mapping[str, Sequence[float]]) -> str:
    """Makes the Markdown table: medians, with minimum and maximum in parentheses.

    >>> print(table({"programs cached": [5.0, 4.0, 6.0]}).splitlines()[-1])
    | programs cached | 5.0 s (4.0 to 6.0) | 5 s | 3 |
    """
    lines = ["| `python -m zoo.train --model cnn` | median | limit | runs |", "|---|---|---|---|"]
    for name, each in seconds.items():
        median = statistics.median(each)
        lines.append(
            f"| {name} | {median:.1f} s ({min(each):.1f} to {max(each):.1f}) | {LIMITS[name]:g} s | {len(each)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
