"""Shapes of a drawing: what both writers, SVG and PNG, can draw. Lengths are pixels; y points downwards."""

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Box", "Circle", "Line", "Link", "Picture", "Shape", "Text", "moved"]


class Circle(NamedTuple):
    """Filled circle."""

    x: float
    y: float
    radius: float
    fill: str


class Line(NamedTuple):
    """Open line through points."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.0
    dashed: bool = False


class Box(NamedTuple):
    """Rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    edge: str
    dashed: bool = False


class Text(NamedTuple):
    """Line of text; y is its baseline, x its middle, or where it starts."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    starts: bool = False  # at x


Shape = Circle | Line | Box | Text


class Link(NamedTuple):
    """Shapes that lead to an address in a file that can have links.

    Attributes:
        shapes: the shapes.
        address: where they lead; "": nowhere.
        title: text for those who do not see the picture.
    """

    shapes: tuple[Shape, ...]
    address: str = ""
    title: str = ""


class Picture(NamedTuple):
    """Complete drawing."""

    width: float
    height: float
    parts: tuple[Link, ...]


def moved(shapes: Iterable[Shape], x: float, y: float, scale: float = 1.0) -> tuple[Shape, ...]:
    """Scales shapes around the origin and moves them.

    >>> moved([Circle(1, 2, 3, "red")], 10, 20, 2.0)[0].x
    12.0
    """

    def one(shape: Shape) -> Shape:
        if isinstance(shape, Line):
            points = tuple((x + scale * px, y + scale * py) for px, py in shape.points)
            return shape._replace(points=points, width=shape.width * scale**0.5)
        placed = shape._replace(x=x + scale * shape.x, y=y + scale * shape.y)
        if isinstance(placed, Circle):
            return placed._replace(radius=scale * placed.radius)
        if isinstance(placed, Text):
            return placed._replace(size=scale * placed.size)
        return placed._replace(width=scale * placed.width, height=scale * placed.height)

    return tuple(map(one, shapes))
