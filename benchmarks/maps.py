"""Compares `kohonen` with MiniSom, and the k-means of `rbf` with scikit-learn's: `python -m benchmarks.maps`.

`quality` trains maps of iris and digits by both rules, from the principal plane, with the same radii, rates and number
of passes, and scores them on the rows that they were trained on; the zoo's online maps of iris, which depend on the
order of the rows, by the mean of 20 seeds. `speed` trains on 100,000 rows, in processes that take
turns; the time includes imports and compiling. `memory` prints the peak memory of a million rows. MiniSom comes with
`pip install -e '.[bench]'`. Values are stored in maps.json beside this file, the tables are written into docs/speed.md;
exits with 1 if a target is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from .map_work import WORK, rows_of
from .page import DOCS, HERE, measured_on, publish, where
from .rounds import last_line

KEPT = HERE / "maps.json"
_MAPS = ("zoo batch", "minisom batch", "zoo online", "minisom online")
_PARTS = {
    "quality": {"iris": _MAPS, "digits": _MAPS},
    "speed": {"rows": _MAPS, "centres": ("zoo k-means", "scikit-learn k-means")},
    "memory": {"million": ("zoo batch", "zoo online"), "million centres": ("zoo rbf",)},
}
_TIMES = 20  # as fast as MiniSom at least
_FLOWERS = {"quantisation": 0.30, "topographic": 0.05}  # most of the errors on iris
_FEW = 0.005  # of the rows, by which topographic errors of two orders differ


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the tables and writes them into docs/speed.md."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.maps", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=list(_PARTS), help="only these parts")
    parser.add_argument("--rounds", type=int, default=1, help="number of rounds of `speed` (1)")
    parser.add_argument("--table", action="store_true", help="show the stored values, without measuring")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of the values; the page only for the default")
    args = parser.parse_args(argv)
    kept = json.loads(args.kept.read_text()) if args.kept.exists() else {}
    for part in () if args.table else args.only:
        for work, methods in _PARTS[part].items():
            kept[work] = measured(work, methods, args.rounds if part == "speed" else 1)
            args.kept.write_text(json.dumps(kept, indent=1) + "\n")
    text = table(kept)
    print(text)
    if args.kept == KEPT:
        publish(DOCS / "speed.md", maps=text)
    missed = [line for line in targets(kept) if line]
    print(*missed, sep="\n")
    return int(bool(missed))


def measured(work: str, methods: Sequence[str], rounds: int, print_fn: Callable[[str], None] = print) -> dict:
    """Runs the methods of a work by turns, each in a process of its own; those that fail are named and left out."""
    found: dict[str, list[dict]] = {method: [] for method in methods}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.npy"
        np.save(file, rows_of(work))
        for i in range(rounds):
            for method in [*methods[i % len(methods) :], *methods[: i % len(methods)]]:  # another begins each time
                command = [sys.executable, "-m", "benchmarks.map_worker", method, work, str(file)]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    print_fn(f"{work}: {method} is left out: {last_line(done.stderr)}")
                    continue
                found[method].append(json.loads(done.stdout.splitlines()[-1]))
                print_fn(f"{work}, round {i + 1} of {rounds}: {method} {found[method][-1]['seconds']:.1f} s")
    place = where()
    place["versions"] |= {name: each for name in ("minisom", "scikit-learn") if (each := _version(name))}
    return {"methods": {method: each for method, each in found.items() if each}, **place}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table, followed by machine, versions and date."""
    lines = ["| work | method | quantisation error | topographic error | seconds | times as fast | peak memory |"]
    lines.append("|---|---|---|---|---|---|---|")
    for work in (work for part in _PARTS.values() for work in part if work in kept):
        for method, rounds in kept[work]["methods"].items():
            lines.append(_row(work, method, rounds, kept[work]["methods"]))
    return "\n".join([*lines, "", measured_on(list(kept.values()))])


def _row(work: str, method: str, rounds: Sequence[Mapping], others: Mapping[str, Sequence[Mapping]]) -> str:
    last, seconds = rounds[-1], [each["seconds"] for each in rounds]
    if "inertia" in last:
        scores = f"mean squared distance {last['inertia']:.4g} | "
    else:
        scores = " | ".join(_score(last, name) for name in _FLOWERS)
    ratio = times(method, others) if work in _PARTS["speed"] else 0.0
    faster = f"{ratio:.1f}" if ratio else ""
    taken = "" if work in _PARTS["quality"] else f"{statistics.median(seconds):.1f}"  # mostly imports and compiling
    peak = f"{max(each['peak_mb'] for each in rounds):,.0f} MB"
    return f"| {WORK[work].about} | {method} | {scores} | {taken} | {faster} | {peak} |"


def _score(found: Mapping, name: str) -> str:
    ends = [f"{each:.3f}" for each in found.get("range", {}).get(name, ())]
    return f"{found[name]:.3f}" + f" ({' to '.join(ends)})" * bool(ends)


def times(method: str, methods: Mapping[str, Sequence[Mapping]]) -> float:
    """Returns the median over the rounds of the peer's time by the zoo's; 0 without a peer.

    >>> times("zoo batch", {"zoo batch": [{"seconds": 2}], "minisom batch": [{"seconds": 50}]})
    25.0
    """
    library, _, kind = method.partition(" ")
    peer = next((name for name in methods if name.endswith(f" {kind}") and name != method), "")
    if library != "zoo" or not peer:
        return 0.0
    both = zip(methods[peer], methods[method], strict=False)
    return statistics.median(theirs["seconds"] / ours["seconds"] for theirs, ours in both)


def targets(kept: Mapping[str, Mapping]) -> list[str]:
    """Returns a line for each target that was missed."""
    found = []
    for work, rule in ((work, rule) for work in ("iris", "digits", "rows") for rule in ("batch", "online")):
        methods = kept.get(work, {}).get("methods", {})
        ours, theirs = (methods.get(f"{library} {rule}", [{}])[-1] for library in ("zoo", "minisom"))
        if not ours:
            continue
        for name, most in _bounds(work, theirs).items():
            if ours[name] > most:
                found.append(f"{work}, {rule}: {name} error {ours[name]:.3f} exceeds {most:.3f}")
        ratio = times(f"zoo {rule}", methods)
        if work == "rows" and 0 < ratio < _TIMES:
            found.append(f"{work}, {rule}: {ratio:.1f} times as fast as MiniSom, not {_TIMES}")
    return found


def _bounds(work: str, theirs: Mapping[str, float]) -> dict[str, float]:
    """Returns the most that the errors may be: those of MiniSom, and what another order of the rows changes."""
    if work == "iris":
        return _FLOWERS
    if work != "digits" or not theirs:
        return {}
    return {"quantisation": 1.02 * theirs["quantisation"], "topographic": theirs["topographic"] + _FEW}


if __name__ == "__main__":
    sys.exit(main())
