"""The rows of a CSV file with their line numbers, and the numbers in their cells, or an error that says where.

The file is UTF-8 text; commas, semicolons, tabs or bars part the cells. Empty lines do not count.
"""

import csv
import math
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from ...errors import BadInput

__all__ = ["Row", "csv_rows", "is_number", "near_file", "number_in"]

Row = tuple[int, list[str]]  # the number of the line that it begins on, and its cells

_MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?")
_DELIMITERS = ",;\t|"


@contextmanager
def csv_rows(path: Path) -> Iterator[Iterator[Row]]:
    """Opens a CSV file for reading row by row, spaces around the cells taken off.

    Raises:
        BadInput: if the file cannot be read, or is no CSV, wherever that shows.
    """
    try:
        with _opened(path) as text:
            delimiter = _delimiter(text.readline())
            text.seek(0)
            yield _rows(path, csv.reader(text, delimiter=delimiter, strict=True))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}{near_file(path)}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is no UTF-8 text (byte {error.start:,}): save it as UTF-8 CSV") from error


def number_in(where: str, text: str) -> float:
    """The number that a cell holds.

    Raises:
        BadInput: naming the place, if it is missing, no number or beyond 1e30.
    """
    if text.lower() in _MISSING:
        raise BadInput(f"{where}: the value is missing ({text!r}); fill it in or take the line out")
    if not is_number(text):
        hint = "; write it with a point and without signs for thousands" if is_number(text.replace(",", "")) else ""
        raise BadInput(f"{where}: {text!r} is no number{hint}")
    if not abs(float(text)) < 1e30:
        raise BadInput(f"{where}: {text!r} is too large for a number to learn from (1e30 at most)")
    return float(text)


def is_number(text: str) -> bool:
    """Whether a cell holds a number, as python writes it."""
    try:
        return not math.isnan(float(text)) and "_" not in text
    except ValueError:
        return False


def near_file(path: Path) -> str:
    """A hint at the file beside it whose name is most like it, or nothing."""
    try:
        others = [each.name for each in path.parent.iterdir()]
    except OSError:
        return ""
    near = get_close_matches(path.name, others, n=1)
    return f"; did you mean {path.with_name(near[0])}?" if near else ""


def _opened(path: Path):
    if path.is_dir():
        raise BadInput(f"{path} is a folder: give the CSV file itself")
    return path.open(encoding="utf-8-sig", newline="")  # Excel begins its files with a byte order mark


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _rows(path: Path, reader) -> Iterator[Row]:
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{path}, line {line}: this is no CSV ({error})") from error
