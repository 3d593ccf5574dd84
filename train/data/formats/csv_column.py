"""One column of numbers from a CSV file, or an error that names the line and what is wrong with it."""

from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from .csv import Row, csv_rows, is_number, number_in

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_column"]

_TIMES = ("date", "datetime", "time", "timestamp", "day", "month", "year", "datum", "zeit", "ds")


def read_column(file: str | Path, column: str = "") -> tuple[str, "np.ndarray"]:
    """Reads a column of numbers, in the order of the lines.

    The file is UTF-8 text whose first line names the columns; commas, semicolons, tabs or bars part the cells. Where
    a column is called date or time and holds ISO dates, these must not go backwards.

    Args:
        file: the CSV file.
        column: its name; "" takes the only one that there is.

    Returns:
        The column's name, and its values float64 (rows,).

    Raises:
        BadInput: if the file cannot be read, has no such column, or a value is missing or no number; it names the
            file, the line and the column.
    """
    import numpy as np

    path = Path(file).expanduser()
    with csv_rows(path) as rows:
        name, numbers = _values(path, rows, column)
    return name, np.array(numbers, np.float64)


def _values(path: Path, rows: Iterator[Row], column: str) -> tuple[str, list[float]]:
    _, header = next(rows, (0, []))
    if not header:
        raise BadInput(f"{path} is empty: expected a first line that names the columns, and values below it")
    place = _place(path, header, column)
    clock, before, numbers = _clock(header, place), "", []
    for line, cells in rows:
        if len(cells) != len(header):
            raise BadInput(f"{path}, line {line}: {len(cells)} cells, but the first line names {len(header)} columns")
        numbers.append(number_in(f"{path}, line {line}, column {header[place]!r}", cells[place]))
        if clock is not None:
            _check_forward(f"{path}, line {line}, column {header[clock]!r}", before, cells[clock])
            before = cells[clock]
    return header[place], numbers


def _place(path: Path, header: list[str], column: str) -> int:
    """Which column is meant."""
    if all(is_number(cell) for cell in header):
        raise BadInput(
            f"{path}, line 1: expected the columns' names, found numbers ({', '.join(header[:4])}): add them"
        )
    if not column and len(header) == 1:
        return 0
    known = ", ".join(header[:20]) + ", ..." * (len(header) > 20)
    if not column:
        raise BadInput(f"which column of {path}? Give --column one of: {known}")
    if header.count(column) > 1:
        raise BadInput(f"{path}, line 1: {header.count(column)} columns are called {column!r}; give them other names")
    if column not in header:
        near = get_close_matches(column.lower(), [name.lower() for name in header], n=1, cutoff=0.5)
        hint = next((f"did you mean {name!r}? " for name in header if [name.lower()] == near), "")
        raise BadInput(f"{path}, line 1: there is no column {column!r}; {hint}it has: {known}")
    return header.index(column)


def _clock(header: list[str], place: int) -> int | None:
    """The column that says when."""
    return next((i for i, name in enumerate(header) if i != place and name.lower() in _TIMES), None)


def _check_forward(where: str, before: str, now: str) -> None:
    """Files that begin with the newest line are common; forecasting the past with them would look like success."""
    try:
        backwards = datetime.fromisoformat(now) < datetime.fromisoformat(before)
    except (TypeError, ValueError):  # another form of date, or only one of them has a time zone
        return
    if backwards:
        raise BadInput(f"{where}: {now} comes after {before}; sort the lines by time, the oldest first")
