"""Kinds of cells: the colour of each and the lines of its sign, so that colour alone distinguishes no kind."""

from math import cos, exp, pi, sin
from typing import NamedTuple

__all__ = ["KINDS", "Kind"]

Stroke = tuple[tuple[float, float], ...]  # points of an open line, in units of the radius of a cell


class Kind(NamedTuple):
    """Kind of cells.

    Attributes:
        colour: fill of a cell.
        sign: lines drawn in the cell.
    """

    colour: str
    sign: tuple[Stroke, ...]


def _arc(radius: float, start: float, end: float, points: int = 25) -> Stroke:
    """Returns points of a part of a circle; angles in turns, from the right and clockwise on the page."""
    angles = [2 * pi * (start + (end - start) * i / (points - 1)) for i in range(points)]
    return tuple((radius * cos(angle), radius * sin(angle)) for angle in angles)


_INPUT, _HIDDEN, _OUTPUT, _RECURRENT, _LOCAL = "#DDA32C", "#3F9A6B", "#C8504B", "#2F7FB5", "#8A63A9"
_RING = (_arc(0.5, 0, 1),)
_NOISE = (((-0.6, 0.1), (-0.35, -0.4), (-0.1, 0.4), (0.15, -0.4), (0.4, 0.4), (0.6, -0.1)),)
_COIN = (_arc(0.55, 0.25, 0.75), *(((-x, -y), (-x, y)) for x, y in ((0.0, 0.55), (0.2, 0.5), (0.4, 0.36))))
_SPIKE = (((-0.65, 0.3), (-0.2, 0.3), (0.0, -0.6), (0.2, 0.3), (0.65, 0.3)),)
_ARROW = (((-0.5, 0.5), (0.5, -0.5)), ((0.0, -0.5), (0.5, -0.5), (0.5, 0.0)))
_EQUAL = (((-0.45, -0.22), (0.45, -0.22)), ((-0.45, 0.22), (0.45, 0.22)))
_LOOP = (_arc(0.5, -0.1, 0.72), ((0.05, -0.2), (-0.09, -0.49), (0.2, -0.62)))
_BOX = (((-0.42, -0.42), (0.42, -0.42), (0.42, 0.42), (-0.42, 0.42), (-0.42, -0.42)),)
_GATE = (((-0.5, -0.42), (0.5, 0.42), (0.5, -0.42), (-0.5, 0.42), (-0.5, -0.42)),)
_BELL = (tuple((x / 10, 0.4 - 0.9 * exp(-((x / 10) ** 2) * 9)) for x in range(-7, 8)),)
_TILES = tuple(line for at in (-0.2, 0.2) for line in (((at, -0.6), (at, 0.6)), ((-0.6, at), (0.6, at))))

KINDS = {
    "input": Kind(_INPUT, ()),
    "backfed input": Kind(_INPUT, _RING),
    "noisy input": Kind(_INPUT, _NOISE),
    "hidden": Kind(_HIDDEN, ()),
    "probabilistic hidden": Kind(_HIDDEN, _COIN),
    "spiking hidden": Kind(_HIDDEN, _SPIKE),
    "capsule": Kind(_HIDDEN, _ARROW),
    "output": Kind(_OUTPUT, ()),
    "match input output": Kind(_OUTPUT, _EQUAL),
    "recurrent": Kind(_RECURRENT, _LOOP),
    "memory": Kind(_RECURRENT, _BOX),
    "gated memory": Kind(_RECURRENT, _GATE),
    "kernel": Kind(_LOCAL, _BELL),
    "convolution": Kind(_LOCAL, _TILES),
}
