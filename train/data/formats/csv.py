"""Reads the rows of a CSV file with their line numbers, and the numbers in their cells.

The file is UTF-8 text; commas, semicolons, tabs or bars separate the cells, whichever fits the first rows, or the
first line decides, as Excel's `sep=;`. Empty lines are skipped. Where the comma does not separate the cells, it may be
the decimal sign.
"""

import csv
import io
import math
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ...errors import BadInput
from ...option_types import did_you_mean
from .utf8 import read_text

__all__ = ["MISSING", "Row", "is_number", "near_file", "number_in", "read_rows"]

Row = tuple[int, list[str]]  # number of its first line, cells

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?", "<na>", "nat"})
"""Texts that stand for a missing value, in lower case."""

_DELIMITERS = "\t;|,"  # of two that fit equally, the first
_LOOKED_AT = 50  # rows that decide the delimiter
_EXCEL = re.compile(r'"?sep=(.)"?[;,\t|]*\s*', re.IGNORECASE)  # first line, written for Excel
_COMMA = re.compile(r"[+-]?(\d*|\d{1,3}(\.\d{3})+),\d+(e[+-]?\d+)?", re.IGNORECASE)  # 2,5 or 1.234,5
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")  # 1.234 or 1,234, which may be a thousand or one


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """Reads all rows of a CSV file, with surrounding spaces stripped from the cells, and numbers with a decimal point.

    Returns:
        The rows, and lines for the user on what was assumed of the file.

    Raises:
        BadInput: if the file cannot be read, is not CSV, or its decimal sign is not clear.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder: give the path of the CSV file")
    if not path.exists():
        raise BadInput(f"cannot read {path}: No such file or directory{near_file(path)}")
    text, skipped = read_text(path, str(path)), 0
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    chosen = _EXCEL.fullmatch(first)
    if chosen:
        text, skipped = text[len(first) + 1 :], 1
    delimiter = chosen[1] if chosen else _delimiter(text)
    rows = _rows(path, text, delimiter, skipped)
    return (rows, []) if delimiter == "," else _with_points(path, rows)


def number_in(where: str, text: str) -> float:
    """Parses the number in a cell.

    Args:
        where: place of the cell in errors.
        text: content of the cell.

    Raises:
        BadInput: if it is missing, not a number or beyond 1e30.
    """
    if text.lower() in MISSING:
        raise BadInput(f"{where}: the value is missing ({text!r}); fill it in or remove the line")
    if not is_number(text):
        hint = (
            "; write it with a decimal point and without thousands separators"
            if is_number(re.sub(r"[,.'\s]", "", text))
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


def _delimiter(text: str) -> str:
    """Returns the delimiter by which the first rows have equal lengths and the most numbers."""
    found = {delimiter: _fit(text, delimiter) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda each: found[each])
    return best if found[best] > (0, 0, 0) else ","


def _fit(text: str, delimiter: str) -> tuple[float, float, int]:
    """Returns how well a delimiter fits: the shares of rows as long as the first and of numbers, its count there."""
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), _LOOKED_AT))
    except csv.Error:
        rows = list(csv.reader([re.split(r"[\r\n]", text, maxsplit=1)[0]], delimiter=delimiter))
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if not rows or len(rows[0]) < 2:
        return (0, 0, 0)
    cells = [cell for row in rows for cell in row]
    numbers = sum(is_number(cell) or (delimiter != "," and _COMMA.fullmatch(cell) is not None) for cell in cells)
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows), numbers / len(cells), len(rows[0])


def _rows(path: Path, text: str, delimiter: str, skipped: int) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, line = [], 1 + skipped
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise BadInput(f"{path}, line {line}: not valid CSV ({error})") from error
    return found


def _with_points(path: Path, rows: list[Row]) -> tuple[list[Row], list[str]]:
    """Replaces the decimal comma in columns of numbers, with a line on it.

    Raises:
        BadInput: if a column has both signs, or 1.234 may be a thousand because another column has the comma.
    """
    width = max((len(cells) for _, cells in rows), default=0)
    columns = [[(line, cells[i]) for line, cells in rows if i < len(cells)] for i in range(width)]
    commas = [i for i, column in enumerate(columns) if _has_decimal_comma([cell for _, cell in column])]
    if not commas:
        return rows, _points_told(path, columns)
    line, cell = next((line, cell) for line, cell in columns[commas[0]] if _COMMA.fullmatch(cell))
    for i, column in enumerate(columns):
        pointed = [(place, other) for place, other in column if is_number(other) and "." in other]
        unclear = pointed if i in commas else [each for each in pointed if _THOUSANDS.fullmatch(each[1])]
        if pointed and len(unclear) == len(pointed):
            raise BadInput(
                f"{path}: the comma is the decimal sign in line {line} ({cell}), so that the point in line "
                f"{unclear[0][0]} ({unclear[0][1]}) is not clear: write all numbers with a decimal point and without "
                "thousands separators"
            )
    replaced = [(line, [_pointed(cell) if i in commas else cell for i, cell in enumerate(row)]) for line, row in rows]
    return replaced, [f"{path}: the comma is taken as the decimal sign, as in line {line}: {cell}"]


def _points_told(path: Path, columns: Sequence[Sequence[tuple[int, str]]]) -> list[str]:
    """Returns a line if all points of a column may separate thousands."""
    for column in columns:
        pointed = [(line, cell) for line, cell in column if is_number(cell) and "." in cell]
        if pointed and all(_THOUSANDS.fullmatch(cell) for _, cell in pointed):
            return [f"{path}: the point is taken as the decimal sign, as in line {pointed[0][0]}: {pointed[0][1]}"]
    return []


def _has_decimal_comma(cells: Sequence[str]) -> bool:
    """Returns whether a column, but for its name, holds numbers, and some that only a decimal comma explains."""
    body = cells if cells and _COMMA.fullmatch(cells[0]) else cells[1:]
    commas = [cell for cell in body if _COMMA.fullmatch(cell)]
    numbers = all(is_number(cell) or _COMMA.fullmatch(cell) or cell.lower() in MISSING for cell in body)
    return numbers and any(not _THOUSANDS.fullmatch(cell) for cell in commas)


def _pointed(cell: str) -> str:
    return cell.replace(".", "").replace(",", ".") if _COMMA.fullmatch(cell) else cell
