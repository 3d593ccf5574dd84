"""Reads the rows of a CSV file with their line numbers, and the numbers in their cells.

The file is UTF-8 text; commas, semicolons, tabs or bars separate the cells. Empty lines are skipped.
"""

import csv
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import BadInput
from ...option_types import did_you_mean

__all__ = ["Row", "csv_rows", "is_number", "near_file", "number_in"]

Row = tuple[int, list[str]]  # number of its first line, cells

_MISSING = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?")
_DELIMITERS = ",;\t|"


@contextmanager
def csv_rows(path: Path) -> Iterator[Iterator[Row]]:
    """Opens a CSV file for reading row by row, with surrounding spaces stripped from the cells.

    Raises:
        BadInput: if the file cannot be read or is not CSV; also while rows are read.
    """
    try:
        with _opened(path) as text:
            delimiter = _delimiter(text.readline())
            text.seek(0)
            yield _rows(path, csv.reader(text, delimiter=delimiter, strict=True))
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}{near_file(path)}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start:,}): save it as UTF-8 CSV") from error


def number_in(where: str, text: str) -> float:
    """Parses the number in a cell.

    Args:
        where: place of the cell in errors.
        text: content of the cell.

    Raises:
        BadInput: if it is missing, not a number or beyond 1e30.
    """
    if text.lower() in _MISSING:
        raise BadInput(f"{where}: the value is missing ({text!r}); fill it in or remove the line")
    if not is_number(text):
        hint = (
            "; write it with a decimal point and without thousands separators"
            if is_number(text.replace(",", ""))
            else ""
        )
        raise BadInput(f"{where}: {text!r} is not a number{hint}")
    if not abs(float(text)) < 1e30:
        raise BadInput(f"{where}: {text!r} is too large (1e30 at most)")
    return float(text)


def is_number(text: str) -> bool:
    """Returns True if the text of a cell is a Python number other than NaN."""
    try:
        return not math.isnan(float(text)) and "_" not in text
    except ValueError:
        return False


def near_file(path: Path) -> str:
    """Returns `; did you mean x?` with the file of the same folder whose name is nearest, or an empty text."""
    try:
        return did_you_mean(path.name, [each.name for each in path.parent.iterdir()])
    except OSError:
        return ""


def _opened(path: Path):
    if path.is_dir():
        raise BadInput(f"{path} is a folder: give the path of the CSV file")
    return path.open(encoding="utf-8-sig", newline="")  # -sig: Excel writes a byte order mark


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
        raise BadInput(f"{path}, line {line}: not valid CSV ({error})") from error
