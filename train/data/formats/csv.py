"""Reads the rows of a CSV file with their line numbers, and the numbers in their cells.

The file is UTF-8 text, or of an encoding that is given or guessed. Commas, semicolons, tabs or bars separate the cells,
whichever fits the first rows, or the first line decides, as Excel's `sep=;`. Empty lines are skipped. Where the comma
does not separate the cells, it may be the decimal sign.
"""

import csv
import io
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from ...errors import BadInput
from ...option_types import did_you_mean
from ..tables.cells import BLOCK, Cells
from ..tables.decimals import COMMA, Lined, decimal_commas, pointed
from ..tables.texts import is_number
from .utf8 import text_parts

__all__ = ["Columns", "Row", "near_file", "read_columns", "read_rows", "stream_rows"]

Row = tuple[int, list[str]]  # number of its first line, cells

_DELIMITERS = "\t;|,"  # of two that fit equally, the first
_LOOKED_AT = 50  # rows that decide the delimiter
_EXCEL = re.compile(r'"?sep=(.)"?[;,\t|]*\s*', re.IGNORECASE)  # first line, written for Excel


class Columns(NamedTuple):
    """Holds a CSV file by its columns.

    Attributes:
        header: the first line: names of the columns, or values.
        lines: number of the first line of each other row.
        columns: cells of each column below the header.
        notes: lines for the user on what was assumed of the file.
    """

    header: list[str]
    lines: Sequence[int]
    columns: list[Cells]
    notes: list[str]


def read_rows(path: Path, encoding: str = "") -> tuple[list[Row], list[str]]:
    """Reads all rows of a CSV file, with surrounding spaces stripped from the cells, and numbers with a decimal point.

    Args:
        path: path of the file.
        encoding: encoding of the text; "": UTF-8, or as guessed.

    Returns:
        The rows, and lines for the user on what was assumed of the file.

    Raises:
        BadInput: if the file cannot be read, is not CSV, or its decimal sign is not clear.
    """
    told: list[str] = []
    found, delimiter = stream_rows(path, encoding, told.append)
    rows = [(line, [cell.strip() for cell in cells]) for line, cells in found]
    if delimiter == ",":
        return rows, told
    width = max((len(cells) for _, cells in rows), default=0)
    held = [[(line, cells[i]) for line, cells in rows if i < len(cells)] for i in range(width)]
    commas, notes = decimal_commas(path, [Lined([at for at, _ in each], [cell for _, cell in each]) for each in held])
    if commas:
        rows = [(line, [pointed(cell) if i in commas else cell for i, cell in enumerate(row)]) for line, row in rows]
    return rows, [*told, *notes]


def read_columns(path: Path, encoding: str = "") -> Columns:
    """Reads a CSV file as `read_rows` does, by its columns, in a fraction of the memory.

    Raises:
        BadInput: if the file is empty, or a line has another number of cells than the first; else as `read_rows`.
    """
    told: list[str] = []
    found, delimiter = stream_rows(path, encoding, told.append)
    first = next(found, None)
    if first is None:
        raise BadInput(f"{path} is empty: expected a first line with the column names, and rows below it")
    header = [cell.strip() for cell in first[1]]
    columns, lines = [Cells() for _ in header], array("q")
    width, cells = len(header), []
    for line, row in found:
        if len(row) != width:
            raise BadInput(f"{path}, line {line}: {len(row)} cells, but the first line has {width} columns")
        lines.append(line)
        cells += row
        if len(cells) == BLOCK * width:
            cells = _moved(cells, columns)
    _moved(cells, columns)
    if delimiter == ",":
        return Columns(header, lines, columns, told)
    lined = [Lined((first[0], *lines), column, name) for name, column in zip(header, columns, strict=True)]
    commas, notes = decimal_commas(path, lined)
    for i in commas:
        columns[i] = Cells([pointed(cell) for cell in block] for block in columns[i].blocks())
    return Columns(header, lines, columns, [*told, *notes])


def _moved(cells: list[str], columns: list[Cells]) -> list[str]:
    """Appends the cells of some rows to the columns; returns an empty list for the next."""
    for i, column in enumerate(columns if cells else ()):
        column.add(cells[i :: len(columns)])
    return []


def stream_rows(
    path: Path, encoding: str = "", note: Callable[[str], None] = lambda text: None
) -> tuple[Iterator[Row], str]:
    """Opens a CSV file: yields its rows as they stand there, and returns the delimiter too.

    Args:
        path: path of the file.
        encoding: encoding of the text; "": UTF-8, or as guessed.
        note: called with a line on an encoding that is guessed.

    Raises:
        BadInput: if the file cannot be read or, from the iterator, is not CSV.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder: give the path of the CSV file")
    if not path.exists():
        raise BadInput(f"cannot read {path}: No such file or directory{near_file(path)}")
    parts = text_parts(path, str(path), encoding=encoding, note=note)
    head, skipped = next(parts, ""), 0
    first = re.split(r"[\r\n]", head, maxsplit=1)[0]
    chosen = _EXCEL.fullmatch(first)
    if chosen:
        head, skipped = head[len(first) + 1 :], 1
    delimiter = chosen[1] if chosen else _delimiter(head)
    return _rows(path, chain([head], parts), delimiter, skipped), delimiter


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
    numbers = sum(is_number(cell) or (delimiter != "," and COMMA.fullmatch(cell) is not None) for cell in cells)
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows), numbers / len(cells), len(rows[0])


def _rows(path: Path, parts: Iterable[str], delimiter: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(_lines(parts), delimiter=delimiter, strict=True)
    line = 1 + skipped
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield line, cells
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise BadInput(f"{path}, line {line}: not valid CSV ({error})") from error


def _lines(parts: Iterable[str]) -> Iterator[str]:
    r"""Yields the lines of a text in parts, with their endings: "\n", or "\r" of an old Macintosh."""
    held = ""
    for part in parts:
        *whole, held = (*io.StringIO(held + part, newline=""),) or ("",)
        yield from whole
    if held:
        yield held
