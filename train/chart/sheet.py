"""Pictures made of drawings: that of one model with its legend, a cell of the chart, and the whole chart."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from textwrap import wrap

from .kinds import KINDS
from .layout import cell, drawn
from .notation import Column
from .rows import Row
from .shapes import Box, Link, Picture, Shape, Text, moved

__all__ = ["chart", "portrait", "tile"]

INK, GREY, FAINT = "#24292F", "#6E7781", "#D5DADF"
_MARGIN, _WIDE, _HIGH = 24.0, 150.0, 136.0  # of a picture; width and height of a cell of the chart
_LETTER, _LINE = 6.6, 27.0  # width of a letter at size 11, about; height of a line of the legend


def portrait(title: str, under: str, columns: Sequence[Column]) -> Picture:
    """Draws a model: title, cells with the number of units below each column, and the kinds of cells.

    Args:
        title: name of the model.
        under: line below the title.
        columns: columns with resolved counts.
    """
    drawing = drawn(columns)
    kinds = list(dict.fromkeys(group.kind for column in columns for group, _ in column.groups))
    legend, legend_width = _legend(kinds)
    width = max(drawing.width, legend_width, 8.6 * len(title), 6.4 * len(under)) + 2 * _MARGIN
    top = _MARGIN + 40
    height = top + drawing.height + 30 + 20 + _MARGIN / 2
    shapes: tuple[Shape, ...] = (
        Text(width / 2, _MARGIN + 6, title, 15, INK, bold=True),
        Text(width / 2, _MARGIN + 25, under, 11, GREY),
        *moved(drawing.shapes, (width - drawing.width) / 2, top),
        *moved(legend, (width - legend_width) / 2, top + drawing.height + 34),
    )
    return Picture(width, height, (Link(shapes),))


def tile(row: Row, columns: Sequence[Column] | None) -> Picture:
    """Draws one cell of the chart.

    Args:
        row: row of the chart.
        columns: columns with resolved counts; None: the row is not in the zoo yet.
    """
    return Picture(_WIDE, _HIGH, (Link(_tile(row, columns), title=row.name),))


def chart(drawings: Mapping[Row, Sequence[Column] | None], address: Callable[[Row], str], columns: int = 7) -> Picture:
    """Draws the chart: all rows on one sheet, and the kinds of cells.

    Args:
        drawings: columns of each row, in the order of the sheet; None: not in the zoo yet.
        address: address of the page of a row; "": none.
        columns: cells beside each other.
    """
    head = 56.0
    width, lines = columns * _WIDE + 2 * _MARGIN, ceil(len(drawings) / columns)
    here = sum(each is not None for each in drawings.values())
    title = Text(width / 2, 38, f"Neural Network Zoo: {here} of {len(drawings)} in pure JAX", 20, INK, bold=True)
    parts = [Link((title,))]
    for i, (row, content) in enumerate(drawings.items()):
        down, right = divmod(i, columns)
        corner = _MARGIN + right * _WIDE, head + down * _HIGH
        link = address(row) if content is not None else ""
        parts.append(Link(moved(_tile(row, content), *corner), link, row.name))
    free = columns * lines - len(drawings)
    bottom, across = head + lines * _HIGH, free or columns  # the legend fills the last line, if it has room
    high = _LINE * (ceil(len(KINDS) / across) - 1)
    corner = (width - _MARGIN - free * _WIDE + 24, bottom - (_HIGH + high) / 2)
    if free < 3:
        across, corner = columns, (_MARGIN + 24, bottom + 24)
        bottom += _LINE * ceil(len(KINDS) / columns) + 8
    parts.append(Link(moved(_legend(list(KINDS), across)[0], *corner)))
    return Picture(width, bottom + 20, tuple(parts))


def _tile(row: Row, columns: Sequence[Column] | None) -> tuple[Shape, ...]:
    there = columns is not None
    frame = Box(4, 4, _WIDE - 8, _HIGH - 8, "#FFFFFF" if there else "#F6F7F8", FAINT, dashed=not there)
    lines = wrap(row.name, 28)
    top = _HIGH - 17 - 9 * len(lines)
    name = Text(_WIDE / 2, top, row.short, 12, INK if there else GREY, bold=True)
    small = [Text(_WIDE / 2, top + 13 + 10 * i, line, 8.5, GREY) for i, line in enumerate(lines)]
    if columns is None:
        return frame, Text(_WIDE / 2, 56, "not yet", 11, GREY), name, *small
    drawing = drawn(columns, most=4, gap=46, labels=False)
    room_wide, room_high = _WIDE - 24, _HIGH - 62
    scale = min(room_wide / drawing.width, room_high / drawing.height, 0.75)
    corner = (_WIDE - scale * drawing.width) / 2, 12 + (room_high - scale * drawing.height) / 2
    return frame, *moved(drawing.shapes, *corner, scale), name, *small


def _legend(kinds: Sequence[str], across: int = 99) -> tuple[list[Shape], float]:
    """Returns cells with the names of their kinds, `across` in a line, from the middle of the first cell on.

    Returns:
        Shapes, and the width of the lines.
    """
    shapes: list[Shape] = []
    x = widest = 0.0
    for i, kind in enumerate(kinds):
        y = _LINE * (i // across)
        x = x if i % across else 0.0
        shapes += [*cell(kind, x, y, 8), Text(x + 14, y + 4, kind, 11, GREY, starts=True)]
        x += 14 + _LETTER * len(kind) + 22 if across > len(kinds) else _WIDE
        widest = max(widest, x)
    return shapes, widest - 14
