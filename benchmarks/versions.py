"""Compares the zoo's training step on several versions of jax: `python -m benchmarks.versions PYTHON PYTHON...`.

Each interpreter has another version of jax installed; the first is the one that ratios refer to. Rounds and processes
are those of `python -m benchmarks --malloc`. Values are stored in versions.json beside this file, the table is written
into docs/speed.md.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from .page import DOCS, HERE, machine, publish
from .rounds import ratios, run_worker, summary
from .workloads import WORKLOADS

__all__ = ["main", "table"]

KEPT = HERE / "versions.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.versions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", help="interpreters; none: shows the stored values")
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), help="only these workloads")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (5)")
    parser.add_argument("--seconds", type=float, default=5, help="seconds of training per round (5)")
    args = parser.parse_args(argv)
    if args.pythons:
        names = {python: named(python) for python in args.pythons}
        for work in args.only:
            kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
            found = {"versions": measured(work, names, args.rounds, args.seconds)}
            kept[work] = {"machine": machine(), "date": time.strftime("%Y-%m-%d")} | found
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if not kept:
        print("no stored values: give interpreters")
        return 1
    text = table(kept)
    print(text)
    publish(DOCS / "speed.md", versions=text)
    return 0


def named(python: str) -> str:
    """Returns the versions of jax and Python that an interpreter has, as "jax 0.10.2, Python 3.11"."""
    code = (
        "import sys, importlib.metadata as m; "
        "print(f'jax {m.version(\"jax\")}, Python {sys.version_info[0]}.{sys.version_info[1]}')"
    )
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def measured(work: str, names: Mapping[str, str], rounds: int, seconds: float) -> dict[str, list[dict]]:
    """Measures the zoo's step of a workload; returns the values of every round by version."""
    found: dict[str, list[dict]] = {name: [] for name in names.values()}
    pythons = list(names)
    for i in range(rounds):
        for python in [*pythons[i % len(pythons) :], *pythons[: i % len(pythons)]]:  # another one begins each time
            each = run_worker(["ours", work, "--seconds", str(seconds)], malloc=True, python=python)
            found[names[python]].append(each)
            print(f"{work}, round {i + 1} of {rounds}: {names[python]} {each['ms']:.2f} ms a step", flush=True)
    return found


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table: medians of the rounds; ratios to the first version with minimum and maximum.

    >>> rounds = {"jax 2": [{"ms": 2.0}], "jax 1": [{"ms": 3.0}]}
    >>> print(table({"mlp": {"machine": "", "date": "", "versions": rounds}}).splitlines()[2])
    | MLP 784-512-256-10, batch 128 | 2 ms | 3 ms, 1.50 x as long (1.50 to 1.50) |
    """
    versions = list(next(iter(kept.values()))["versions"])
    lines = [f"| training step | {' | '.join(versions)} |", f"|---|{'---|' * len(versions)}"]
    for work, found in kept.items():
        first = found["versions"][versions[0]]
        cells = [f"{summary(first, 'ms')[0]:.3g} ms"]
        for name in versions[1:]:
            rounds = found["versions"].get(name, [])
            times = "{:.2f} x as long ({:.2f} to {:.2f})".format(*ratios(first, rounds)) if rounds else ""
            cells.append(f"{summary(rounds, 'ms')[0]:.3g} ms, {times}" if rounds else "")
        lines.append(f"| {WORKLOADS[work].about} | {' | '.join(cells)} |")
    return "\n".join(
        [*lines, "", *sorted({f"Measured on {each['machine']}; {each['date']}." for each in kept.values()})]
    )


if __name__ == "__main__":
    sys.exit(main())
