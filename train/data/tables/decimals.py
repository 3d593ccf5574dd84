"""Decides whether the comma is the decimal sign of a table, by whole columns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ...errors import BadInput
from .cells import Cells
from .texts import MISSING, is_number

__all__ = ["COMMA", "Lined", "decimal_commas", "pointed"]

COMMA = re.compile(r"[+-]?(\d*|\d{1,3}(\.\d{3})+),\d+(e[+-]?\d+)?", re.IGNORECASE)  # 2,5 or 1.234,5
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")  # 1.234 or 1,234, which may be a thousand or one


@dataclass(frozen=True)
class Lined:
    """Column with the numbers of its lines, from the first line of the file; its name, if the cells are without it."""

    lines: Sequence[int]
    cells: Sequence[str]
    name: str | None = None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        named = () if self.name is None else (self.name,)
        return zip(self.lines, chain(named, self.cells), strict=True)

    def holds(self, text: str) -> bool:
        """Returns whether a text occurs in the column."""
        if isinstance(self.cells, Cells):
            return text in (self.name or "") or self.cells.holds(text)
        return any(text in cell for cell in self.cells)


def decimal_commas(path: Path, columns: Sequence[Lined]) -> tuple[list[int], list[str]]:
    """Returns the columns of numbers with a decimal comma, and lines on it.

    Raises:
        BadInput: if a column has both signs, or 1.234 may be a thousand because another column has the comma.
    """
    commas = [i for i, column in enumerate(columns) if _has_decimal_comma(column)]
    if not commas:
        return [], _points_told(path, columns)
    line, cell = next((line, cell) for line, cell in columns[commas[0]] if COMMA.fullmatch(cell))
    for i, column in enumerate(columns):
        first = next(_with_point(column), None)
        if first and (i in commas or all(_THOUSANDS.fullmatch(cell) for _, cell in _with_point(column))):
            raise BadInput(
                f"{path}: the comma is the decimal sign in line {line} ({cell}), so that the point in line {first[0]} "
                f"({first[1]}) is not clear: write all numbers with a decimal point and without thousands separators"
            )
    return commas, [f"{path}: the comma is taken as the decimal sign, as in line {line}: {cell}"]


def _with_point(column: Lined) -> Iterator[tuple[int, str]]:
    """Yields the numbers of a column with a decimal point, or one of thousands, and their lines."""
    return ((line, cell) for line, cell in column if "." in cell and is_number(cell)) if column.holds(".") else iter(())


def _points_told(path: Path, columns: Sequence[Lined]) -> list[str]:
    """Returns a line if all points of a column may separate thousands."""
    for column in columns:
        first = next(_with_point(column), None)
        if first and all(_THOUSANDS.fullmatch(cell) for _, cell in _with_point(column)):
            return [f"{path}: the point is taken as the decimal sign, as in line {first[0]}: {first[1]}"]
    return []


def _has_decimal_comma(column: Lined) -> bool:
    """Returns whether a column, but for its name, holds numbers, and some that only a decimal comma explains."""
    if not column.holds(","):
        return False
    cells = (cell for _, cell in column)
    first = next(cells, "")
    clear = bool(COMMA.fullmatch(first) and not _THOUSANDS.fullmatch(first))
    for cell in cells:
        comma = COMMA.fullmatch(cell)
        if not (comma or is_number(cell) or cell.lower() in MISSING):
            return False
        clear = clear or bool(comma and not _THOUSANDS.fullmatch(cell))
    return clear


def pointed(cell: str) -> str:
    """Returns a number with a decimal comma as one with a decimal point; other texts as they are.

    >>> pointed("1.234,5"), pointed("a,b")
    ('1234.5', 'a,b')
    """
    return cell.replace(".", "").replace(",", ".") if COMMA.fullmatch(cell) else cell
