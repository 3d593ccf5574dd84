"""Whole trainings beside those of other libraries, as benchmarks of single models store them; a table of docs/speed.md.

`python -m benchmarks.beside` writes the table of the stored values, without measuring.
"""

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from .page import DOCS, HERE, keep, measured_on, publish

__all__ = ["compared", "main", "named", "table"]

KEPT = HERE / "beside.json"
_HEAD = ("work", "the zoo", "other library", "its time", "times as fast", "the zoo's result", "its result")


def compared(work: str, peer: str, ours: Sequence[float], theirs: Sequence[float], results: tuple[str, str]) -> float:
    """Stores a comparison and writes the table.

    Args:
        work: what both did, from start to end.
        peer: name and version of the other library.
        ours: seconds of the zoo, turn by turn.
        theirs: those of the other library in the same turns.
        results: what the zoo and the other library reached.

    Returns:
        The median of the ratios of the turns, above 1 if the zoo is faster.
    """
    row = {"peer": peer, "ours": list(ours), "theirs": list(theirs), "results": list(results)}
    publish(DOCS / "speed.md", beside=table(keep(KEPT, {work: row})))
    return statistics.median(_ratios(row))


def named(package: str) -> str:
    """Returns name and version of an installed library."""
    return f"{package} {version(package)}"


def table(kept: Mapping[str, Mapping]) -> str:
    """Returns the stored comparisons as Markdown."""
    lines = [f"| {' | '.join(_HEAD)} |", "|---" * len(_HEAD) + "|"]
    for work, row in sorted(kept.items()):
        ratios = _ratios(row)
        own, other = (f"{statistics.median(row[name]):.3g} s" for name in ("ours", "theirs"))
        spread = f"{statistics.median(ratios):.2g} ({min(ratios):.2g} to {max(ratios):.2g})"
        ours, theirs = row["results"]
        cells = (work, own, row["peer"], other, spread, ours, theirs)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", measured_on(list(kept.values()))])


def _ratios(row: Mapping) -> list[float]:
    return [theirs / ours for ours, theirs in zip(row["ours"], row["theirs"], strict=True)]


def main() -> int:
    """Writes the table of the stored values."""
    text = table(json.loads(KEPT.read_text()))
    publish(DOCS / "speed.md", beside=text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
