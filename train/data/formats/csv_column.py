"""Reads one column of numbers from a CSV file."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...option_types import did_you_mean
from .csv import Row, csv_rows, is_number, number_in
from .dates import ascending, readings

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_column"]

_TIMES = frozenset({"date", "datetime", "time", "timestamp", "day", "month", "year", "datum", "zeit", "ds"})


def read_column(file: str | Path, column: str = "") -> tuple[str, "np.ndarray"]:
    """Reads a column of numbers, in the order of the lines.

    The file is UTF-8 text whose first line holds the column names; commas, semicolons, tabs or bars separate the
    cells. Dates in a column named date or time must be in ascending order; no other column may hold descending ones.

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
    read, numbers = [], []
    for line, cells in rows:
        if len(cells) != len(header):
            raise BadInput(f"{path}, line {line}: {len(cells)} cells, but the first line has {len(header)} columns")
        numbers.append(number_in(f"{path}, line {line}, column {header[place]!r}", cells[place]))
        read.append((line, cells))
    _check_times(path, header, read, place)
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


def _check_times(path: Path, header: list[str], rows: list[Row], place: int) -> None:
    """Checks that dates ascend: files with the newest line first are common, and would have the past forecast."""
    for i, name in enumerate(header):
        if i == place or not rows:
            continue
        named = not _TIMES.isdisjoint(re.split(r"[^a-z]+", name.lower()))
        found, wrong = readings([cells[i] for _, cells in rows])
        if found:
            _check_forward(path, name, rows, i, found, named)
        elif named and wrong:
            line, cells = rows[wrong]
            raise BadInput(
                f"{path}, line {line}, column {name!r}: {cells[i]!r} is not a date as in the lines above it; write all "
                "dates in one form, and remove lines that are no points in time, such as totals"
            )


def _check_forward(path: Path, name: str, rows: list[Row], i: int, found: list[list[datetime]], named: bool) -> None:
    """Checks the order of a column of dates; one that is not named as the time may be in any but descending order."""
    forward = [times for times in found if ascending(times)]
    falling = any(ascending(times[::-1]) and times[0] != times[-1] for times in found)
    if (forward and not falling) or not (named or falling):
        return
    if forward:
        raise BadInput(
            f"{path}, column {name!r}: the dates ascend if the month is first and descend if the day is, or the "
            "reverse; write them as YYYY-MM-DD"
        )
    times = found[0]
    at = next(k for k in range(1, len(times)) if times[k] < times[k - 1])
    raise BadInput(
        f"{path}, line {rows[at][0]}, column {name!r}: {rows[at][1][i]} follows {rows[at - 1][1][i]}; "
        "sort the lines by time, the oldest first"
    )
