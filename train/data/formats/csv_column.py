"""Reads one column of numbers from a CSV file."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...option_types import did_you_mean
from ..tables.texts import is_number, number_in
from .csv import Row, read_rows
from .times import check_times

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_column"]


def read_column(
    file: str | Path, column: str = "", note: Callable[[str], None] = lambda text: None, encoding: str = ""
) -> tuple[str, "np.ndarray"]:
    """Reads a column of numbers, in the order of the lines.

    The first line holds the column names. Dates in a column named as the time must ascend; those of another column may
    not descend unless a column of ascending dates gives the order.

    Args:
        file: path of the CSV file.
        column: name of the column; "" takes the only one.
        note: called with lines on what was assumed: encoding, decimal sign, order in time, gaps.
        encoding: encoding of the text; "": UTF-8, or as guessed.

    Returns:
        The column's name and its values, float64 (rows,).

    Raises:
        BadInput: if the file cannot be read, has no such column, or a value is missing or not a number; the message
            names file, line and column.
    """
    import numpy as np

    path = Path(file).expanduser()
    rows, notes = read_rows(path, encoding)
    if not rows:
        raise BadInput(f"{path} is empty: expected a first line with the column names, and values below it")
    (_, header), *rows = rows
    place = _place(path, header, column)
    numbers = _numbers(path, header, rows, place)
    _check_gaps(path, header, [line for line, _ in rows])
    for line in (*notes, *check_times(path, header, rows, place)):
        note(line)
    return header[place], np.array(numbers, np.float64)


def _numbers(path: Path, header: list[str], rows: list[Row], place: int) -> list[float]:
    numbers = []
    for line, cells in rows:
        if len(cells) != len(header):
            raise BadInput(f"{path}, line {line}: {len(cells)} cells, but the first line has {len(header)} columns")
        numbers.append(number_in(f"{path}, line {line}, column {header[place]!r}", cells[place]))
    return numbers


def _place(path: Path, header: list[str], column: str) -> int:
    """Returns the index of the column."""
    if all(is_number(cell) for cell in header):
        raise BadInput(
            f"{path}, line 1: expected column names, found numbers ({', '.join(header[:4])}): add a line of names"
        )
    if not column and len(header) == 1:
        return 0
    known = ", ".join(header[:20]) + ", ..." * (len(header) > 20)
    if not column:
        raise BadInput(f"{path} has several columns: add --column with one of: {known}")
    if header.count(column) > 1:
        raise BadInput(f"{path}, line 1: {header.count(column)} columns have the name {column!r}; rename them")
    if column not in header:
        same = next((name for name in header if name.lower() == column.lower()), column)
        raise BadInput(f"{path}, line 1: there is no column {column!r}{did_you_mean(same, header)} (it has: {known})")
    return header.index(column)


def _check_gaps(path: Path, header: list[str], lines: list[int]) -> None:
    """Checks that a file of one column has no empty line among the others, which is a missing value."""
    steps = [after - line for line, after in pairwise(lines)]
    if len(header) > 1 or not steps or max(steps) == min(steps):  # some programs write an empty line after each
        return
    line = lines[steps.index(max(steps))] + 1
    raise BadInput(
        f"{path}, line {line}: the line is empty, a value of {header[0]!r} is missing: fill it in or remove it"
    )
