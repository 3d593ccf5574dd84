"""Geometry of a drawing: columns of cells become circles, their signs, and the lines between them."""

from collections.abc import Sequence
from math import cos, log2, pi, sin, sqrt
from typing import NamedTuple

from .connections import Placed, connections, inner_lines, shortcuts
from .kinds import KINDS
from .notation import Column, Group
from .shapes import Circle, Line, Shape, Text, moved

__all__ = ["Drawn", "cell", "cells", "drawn"]

RADIUS, PITCH = 10.0, 25.0
INK, GREY = "#24292F", "#6E7781"
_MESH, _SPREAD = 33.0, 0.92  # distance of cells on a grid; radius of a web by the square root of its cells
_GOLDEN = pi * (3 - sqrt(5))  # angle between neighbours on a sunflower: positions that fill a disk evenly


class Drawn(NamedTuple):
    """Finished drawing, whose upper left corner is (0, 0)."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


def cells(count: int | None, most: int) -> int:
    """Returns the number of circles that stand for a number of units; it grows with the logarithm.

    >>> [cells(n, 7) for n in (1, 2, 3, 10, 64, 784, None)]
    [1, 2, 3, 4, 6, 7, 4]
    """
    if count is None:
        return min(4, most)
    grown = 1 + round(log2(max(count, 1)) * most / 8)
    return max(1, min(count, max(3, grown), most))


def drawn(columns: Sequence[Column], most: int = 7, gap: float = 70.0, labels: bool = True) -> Drawn:
    """Lays out columns from left to right.

    Args:
        columns: columns with resolved counts.
        most: largest number of circles above each other.
        gap: distance of neighbouring columns.
        labels: whether the number of units stands below each column.
    """
    placed = _place(columns, most, gap)
    shapes: list[Shape] = []
    for before, column, here in zip([None, *placed[:-1]], columns, placed, strict=True):
        if before is not None:
            shapes += connections(before, here, column.join)
        shapes += inner_lines(here, column.aside)
    shapes += shortcuts(placed)
    for groups in placed:
        shapes += [shape for each in groups for at in each.places for shape in cell(each.kind, *at)]
        shapes += _dots(groups) if labels else ()
    lowest = max(y for groups in placed for each in groups for _, y in each.places) + RADIUS
    if labels:
        shapes += [text for groups in placed for text in _labels(groups, lowest)]
    return _framed(shapes, labels)


def _place(columns: Sequence[Column], most: int, gap: float) -> list[tuple[Placed, ...]]:
    """Returns the places of all cells; columns are centred on the line y = 0."""
    if columns[0].groups[0][0].form == "ring":
        return [_ring(columns[0], most)]
    placed, x = [], 0.0
    for i, column in enumerate(columns):
        standing = len(column.groups) - column.aside
        top = most if standing == 1 else max(2, most // 2)  # several groups share the height
        counts = [cells(count, top + 4 * (group.form == "web")) for group, count in column.groups]
        wide = [_wide(group, count) for (group, _), count in zip(column.groups, counts, strict=True)]
        x += (wide[0] / 2 + gap) if i else wide[0] / 2
        heights = [_high(group, count) for (group, _), count in zip(column.groups, counts, strict=True)][:standing]
        y, groups = -(sum(heights) + PITCH * (standing - 1)) / 2, []
        for (group, size), count, height in zip(column.groups[:standing], counts, heights, strict=False):
            groups.append(Placed(group.kind, group.form, size, _spread(group, size, count, x, y + height / 2)))
            y += height + PITCH
        if column.aside:
            (group, size), count = column.groups[-1], min(counts[-1], most)
            row = tuple((x + PITCH * (j - (count - 1) / 2), y + PITCH * 0.6) for j in range(count))
            groups.append(Placed(group.kind, group.form, size, row))
        placed.append(tuple(groups))
        x += wide[0] / 2
    return placed


def _high(group: Group, count: int) -> float:
    if group.form == "grid":
        return _MESH * (_side(count) - 1)
    return 2 * _reach(count) if group.form == "web" else PITCH * (count - 1)


def _wide(group: Group, count: int) -> float:
    return _high(group, count) if group.form in ("web", "grid") else 0.0


def _side(count: int) -> int:
    return max(2, min(count - 1, 5))


def _reach(count: int) -> float:
    """Returns the radius of a disk on which so many cells lie apart."""
    return PITCH * _SPREAD * sqrt(count)


def _spread(group: Group, size: int | None, count: int, x: float, y: float) -> tuple[tuple[float, float], ...]:
    """Returns the places of a group around a point."""
    if group.form == "web":
        spiral = ((_reach(count) * sqrt((i + 0.5) / count), i * _GOLDEN) for i in range(count))
        return tuple((x + r * cos(angle), y + r * sin(angle)) for r, angle in spiral)
    if group.form == "grid":
        side = range(_side(count))
        middle = (len(side) - 1) / 2
        return tuple((x + _MESH * (i - middle), y + _MESH * (j - middle)) for i in side for j in side)
    return tuple((x, y + PITCH * (i - (count - 1) / 2)) for i in range(count))


def _ring(column: Column, most: int) -> tuple[Placed, ...]:
    counts = [max(cells(count, most + 2), 2) for _, count in column.groups]
    total = max(sum(counts), 3)
    radius = PITCH * 1.35 / (2 * sin(pi / total))
    places = [(radius * sin(2 * pi * i / total), -radius * cos(2 * pi * i / total)) for i in range(total)]
    taken, placed = 0, []
    for (group, size), count in zip(column.groups, counts, strict=True):
        placed.append(Placed(group.kind, group.form, size, tuple(places[taken : taken + count])))
        taken += count
    return tuple(placed)


def cell(kind: str, x: float, y: float, radius: float = RADIUS) -> list[Shape]:
    """Draws a cell: a circle in the colour of its kind, and its sign.

    Args:
        kind: one of `KINDS`.
        x: middle of the circle.
        y: middle of the circle.
        radius: radius of the circle.
    """
    colour, sign = KINDS[kind]
    lines = [Line(tuple((x + radius * px, y + radius * py) for px, py in stroke), "#FFFFFF", 1.4) for stroke in sign]
    return [Circle(x, y, radius + 1.2, "#FFFFFF"), Circle(x, y, radius, colour), *lines]


def _dots(groups: Sequence[Placed]) -> list[Shape]:
    """Returns three dots below a column of cells that stands for more units than it has cells."""
    found: list[Shape] = []
    aside = any(len(each.places) > 1 and len({y for _, y in each.places}) == 1 for each in groups)  # fills the place
    for each in () if aside else groups:
        upright = each.form in ("", "residual") and len({x for x, _ in each.places}) == 1
        if upright and (each.count is None or each.count > len(each.places)):
            x, y = each.places[-1]
            found += [Circle(x, y + RADIUS + 5 + 4.5 * i, 1.3, GREY) for i in range(3)]
    return found


def _labels(groups: Sequence[Placed], lowest: float) -> list[Shape]:
    """Returns the numbers of units, below a column; of several groups with a plus sign."""
    counts = [f"{each.count:,}" for each in groups if each.count is not None]
    places = [x for each in groups for x, _ in each.places]
    return [Text((min(places) + max(places)) / 2, lowest + 32, " + ".join(counts), 11, GREY)] if counts else []


def _framed(shapes: Sequence[Shape], labels: bool) -> Drawn:
    """Moves shapes so that their upper left corner is (0, 0)."""
    points = [each for shape in shapes for each in _corners(shape)]
    left, top = (min(each[axis] for each in points) for axis in (0, 1))
    right, bottom = (max(each[axis] for each in points) for axis in (0, 1))
    return Drawn(right - left, bottom - top + 4 * labels, moved(shapes, -left, -top))


def _corners(shape: Shape) -> list[tuple[float, float]]:
    if isinstance(shape, Line):
        return list(shape.points)
    reach = shape.radius if isinstance(shape, Circle) else 14.0
    return [
        (shape.x - reach, shape.y - reach),
        (shape.x + reach, shape.y + min(reach, 12.0 if isinstance(shape, Circle) else 0.0)),
    ]
