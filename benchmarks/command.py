"""How long the README's first command takes, from its start to its end: `python -m benchmarks.command`.

`python -m zoo.train --model cnn` trains the CNN on digits, scores it, saves it and draws. By turns: with no compiled
program at hand, as the first time on a machine, and again with those that the first time kept. Also when its first line
is there. Writes the table into docs/speed.md, unless other flags are given; ends with 1 if a median is above what is
asked.
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

__all__ = ["ASKED", "main", "table"]

_WORDS = ("--model", "cnn")
ASKED = {"first line": 2.0, "compiled before": 5.0, "compiled anew": 12.0}
"""Seconds."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.command", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="how often each (7)")
    parser.add_argument("words", nargs="*", help="other flags of the command, after --")
    args = parser.parse_args(argv)
    seconds: dict[str, list[float]] = {name: [] for name in ASKED}
    for i in range(args.rounds):
        with tempfile.TemporaryDirectory() as place:
            for name in ("compiled anew", "compiled before"):
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
    return int(any(statistics.median(seconds[name]) > most for name, most in ASKED.items()))


def timed(words: Sequence[str]) -> tuple[float, float]:
    """Seconds until the first line of a command of ours, and until its end.

    Raises:
        SystemExit: if it fails; with what it said.
    """
    # As a user has it: python keeps the modules that it has compiled.
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
    """The Markdown table: medians, least to most in brackets.

    >>> print(table({"compiled before": [5.0, 4.0, 6.0]}).splitlines()[-1])
    | compiled before | 5.0 s (4.0 to 6.0) | 5 s | 3 |
    """
    lines = ["| `python -m zoo.train --model cnn` | median | asked: at most | runs |", "|---|---|---|---|"]
    for name, each in seconds.items():
        median = statistics.median(each)
        lines.append(
            f"| {name} | {median:.1f} s ({min(each):.1f} to {max(each):.1f}) | {ASKED[name]:g} s | {len(each)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
