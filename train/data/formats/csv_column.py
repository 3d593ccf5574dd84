"""Reads one column of numbers from a CSV file."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...option_types import did_you_mean
from .csv import Row, csv_rows, is_number, number_in

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_column"]

_TIMES = ("date", "datetime", "time", "timestamp", "day", "month", "year", "datum", "zeit", "ds")


def read_column(file: str | Path, column: str = "") -> tuple[str, "np.ndarray"]:
    """Reads a column of numbers, in the order of the lines.

    The file is UTF-8 text whose first line holds the column names; commas, semicolons, tabs or bars separate the
    cells. ISO dates in a column named date or time must be in ascending order.

    Args:
        file: path of the CSV file.
        column: name of the column; "" takes the only one.

    Returns:
        The column's name and its values, float64 (rows,).

    Raises:
        BadInput: if the file cannot be read, has no such column, or a value is missing or not a number; the message
            names file, line and column.
    """
    import numpy as np

    path = Path(file).expanduser()
    with csv_rows(path) as rows:
        name, numbers = _values(path, rows, column)
    return name, np.array(numbers, np.float64)


def _values(path: Path, rows: Iterator[Row], column: str) -> tuple[str, list[float]]:
    _, header = next(rows, (0, []))
    if not header:
        raise BadInput(f"{path} is empty: expected a first line with the column names, and values below it")
    place = _place(path, header, column)
    clock, before, numbers = _clock(header, place), "", []
    for line, cells in rows:
        if len(cells) != len(header):
            raise BadInput(f"{path}, line {line}: {len(cells)} cells, but the first line has {len(header)} columns")
        numbers.append(number_in(f"{path}, line {line}, column {header[place]!r}", cells[place]))
        if clock is not None:
            _check_forward(f"{path}, line {line}, column {header[clock]!r}", before, cells[clock])
            before = cells[clock]
    return header[place], numbers


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


def _clock(header: list[str], place: int) -> int | None:
    """Returns the index of the column with the date or time, None if there is none."""
    return next((i for i, name in enumerate(header) if i != place and name.lower() in _TIMES), None)


def _check_forward(where: str, before: str, now: str) -> None:
    """Checks that dates ascend: files with the newest line first are common, and would have the past forecast."""
    try:
        backwards = datetime.fromisoformat(now) < datetime.fromisoformat(before)
    except (TypeError, ValueError):  # not ISO dates, or only one of them has a time zone
        return
    if backwards:
        raise BadInput(f"{where}: {now} follows {before}; sort the lines by time, the oldest first")
