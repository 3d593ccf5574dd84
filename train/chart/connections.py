"""Lines between cells: who is connected to whom, and the look of each kind of connection."""

from collections.abc import Sequence
from itertools import combinations
from math import dist, pi, sin
from typing import NamedTuple

from .shapes import Line, Shape

__all__ = ["JOINS", "Placed", "connections", "inner_lines", "shortcuts"]

JOINS = {  # colour, width and dashes of a connection
    "->": ("#AEB6BF", 1.0, False),
    "~>": ("#AEB6BF", 1.0, True),
    "--": ("#828C97", 1.2, False),
    "=>": ("#E39A5B", 1.2, False),
}
_NEAR = 27.0  # distance within which cells of neighbouring feature maps are connected


class Placed(NamedTuple):
    """Group of cells with the places of its cells, which stand for `count` units; None: not known how many."""

    kind: str
    form: str
    count: int | None
    places: tuple[tuple[float, float], ...]


def connections(before: Sequence[Placed], here: Sequence[Placed], join: str) -> list[Shape]:
    """Returns the lines from a column to the next one; convolutions are connected to their neighbourhood alone.

    Args:
        before: placed groups of the column on the left.
        here: placed groups of the column on the right.
        join: kind of connection, one of `JOINS`.
    """
    sources = [each for each in before if each.form != "ring" and not _is_aside(before, each)]
    targets = [each for each in here if not _is_aside(here, each)]
    return [_line((a, b), join) for source in sources for target in targets for a, b in _pairs(source, target)]


def inner_lines(groups: Sequence[Placed], aside: bool) -> list[Shape]:
    """Returns the lines inside a column: of a ring, web or grid, and to a memory beside the cells."""
    form = groups[0].form
    places = [at for each in groups for at in each.places]
    if aside:
        start = max(groups[0].places, key=lambda at: at[1])
        return [_line((start, end), "--") for end in groups[-1].places]
    if form == "ring":
        return [_line(pair, "--") for pair in combinations(places, 2)]
    reach = {"web": 56.0, "grid": 34.0}.get(form, 0.0)
    return [_line(pair, "~>" if form == "web" else "--") for pair in combinations(places, 2) if dist(*pair) <= reach]


def shortcuts(placed: Sequence[Sequence[Placed]]) -> list[Shape]:
    """Returns the arcs past residual columns, from the column before each to the one after it."""
    found: list[Shape] = []
    for i in range(1, len(placed) - 1):
        if placed[i][0].form == "residual":
            (x, y), (end, to) = (min(placed[j][0].places, key=lambda at: at[1]) for j in (i - 1, i + 1))
            top = min(at[1] for j in (i - 1, i, i + 1) for at in placed[j][0].places)
            arc = tuple(_arc(x, y, end, to, top - 24, step / 24) for step in range(25))
            found.append(Line(arc, *JOINS["--"]))
    return found


def _arc(x: float, y: float, end: float, to: float, top: float, share: float) -> tuple[float, float]:
    level = y + (to - y) * share
    return x + (end - x) * share, level + (top - (y + to) / 2) * sin(pi * share)


def _pairs(source: Placed, target: Placed) -> list[tuple]:
    pairs = [(a, b) for a in source.places for b in target.places]
    if target.form == "web" or source.form == "web":
        inside = min(x for x, _ in target.places) + 26 if target.form == "web" else None
        edge = max(x for x, _ in source.places) - 26
        return [(a, b) for a, b in pairs if (b[0] <= inside if inside is not None else a[0] >= edge)]
    if target.kind != "convolution":
        return pairs
    close = [(a, b) for a, b in pairs if abs(a[1] - b[1]) <= _NEAR]
    joined = {b for _, b in close}
    return close + [(min(source.places, key=lambda a: abs(a[1] - b[1])), b) for b in target.places if b not in joined]


def _is_aside(groups: Sequence[Placed], each: Placed) -> bool:
    """Returns whether a group is a memory below its column: a row of cells instead of a column."""
    return each is not groups[0] and len({y for _, y in each.places}) == 1 and len(each.places) > 1


def _line(pair: tuple, join: str) -> Line:
    return Line(pair, *JOINS[join])
