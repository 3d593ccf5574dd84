"""Writes a drawing as SVG, with the standard library alone and without a request to any other place."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from .shapes import Box, Circle, Line, Picture, Shape

__all__ = ["svg"]

_FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"


def svg(picture: Picture, title: str) -> str:
    """Returns the text of an SVG file; the same picture gives the same text.

    Args:
        picture: the drawing.
        title: text for those who do not see the picture.
    """
    width, height = _number(picture.width), _number(picture.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{_FONT}" text-anchor="middle">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#FFFFFF"/>',
    ]
    for part in picture.parts:
        head, tail = (f"<a href={quoteattr(part.address)}>", "</a>") if part.address else ("<g>", "</g>")
        lines += [head, *([f"<title>{escape(part.title)}</title>"] if part.title else [])]
        lines += [*_elements(part.shapes), tail]
    return "\n".join([*lines, "</svg>", ""])


def _elements(shapes: Sequence[Shape]) -> Iterator[str]:
    """Yields the elements of shapes; neighbouring lines of one look are one element."""
    for look, group in groupby(shapes, lambda each: each[1:] if isinstance(each, Line) else None):
        if look is None:
            yield from map(_element, group)
            continue
        colour, width, dashed = look
        runs = (
            "L".join(f"{_number(x)} {_number(y)}" for x, y in each.points) for each in group if isinstance(each, Line)
        )
        style = f'fill="none" stroke="{colour}" stroke-width="{_number(width)}" stroke-linejoin="round"'
        yield f'<path d="{"".join(f"M{run}" for run in runs)}" {style}{_DASHED * dashed}/>'


def _element(shape: Shape) -> str:
    if isinstance(shape, Circle):
        x, y, radius = map(_number, (shape.x, shape.y, shape.radius))
        return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{shape.fill}"/>'
    assert not isinstance(shape, Line)
    x, y = map(_number, (shape.x, shape.y))
    if isinstance(shape, Box):
        size = f'width="{_number(shape.width)}" height="{_number(shape.height)}" rx="6"'
        return f'<rect x="{x}" y="{y}" {size} fill="{shape.fill}" stroke="{shape.edge}"{_DASHED * shape.dashed}/>'
    weight = ' font-weight="bold"' * shape.bold + ' text-anchor="start"' * shape.starts
    style = f'font-size="{_number(shape.size)}" fill="{shape.colour}"{weight}'
    return f'<text x="{x}" y="{y}" {style}>{escape(shape.text)}</text>'


_DASHED = ' stroke-dasharray="4 3"'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
