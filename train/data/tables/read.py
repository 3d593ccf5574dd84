"""Reads a CSV file as a table: named columns, one row a line."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import BadInput
from ...option_types import did_you_mean
from ..formats.csv import read_columns
from .cells import Cells
from .texts import FOOTERS, MISSING, is_number

__all__ = ["RawTable", "checked_header", "column_named", "names_in", "read_table"]

_SHOWN = 20  # names in a message


class RawTable(NamedTuple):
    """Holds a table as it was read.

    Attributes:
        path: the file.
        columns: cells by the name of the column.
        lines: number of the line of each row.
        notes: lines for the user on what was assumed of the file.
    """

    path: Path
    columns: dict[str, Cells]
    lines: Sequence[int]
    notes: list[str]

    def where(self, column: str, row: int) -> str:
        """Names the place of a cell."""
        return f"{self.path}, line {self.lines[row]}, column {column!r}"


def read_table(path: Path, missing: Collection[str] = (), encoding: str = "") -> RawTable:
    """Reads a table; its first line holds the names of the columns.

    Args:
        path: CSV file.
        missing: further texts that stand for a missing value.
        encoding: encoding of the text; "": UTF-8, or as guessed.

    Raises:
        BadInput: if the file cannot be read or is no table; the message names the line.
    """
    header, lines, columns, notes = read_columns(path, encoding)
    if not lines:
        raise BadInput(f"{path} has no rows below its first line")
    _check_footer(path, lines, columns)
    words = {each.lower() for each in missing}
    if words:
        columns = [Cells(_without(block, words) for block in column.blocks()) for column in columns]
    return RawTable(path, dict(zip(checked_header(path, header), columns, strict=True)), lines, notes)


def checked_header(path: Path, header: Sequence[str]) -> list[str]:
    """Returns the names of the columns; one without a name is called by its place.

    Raises:
        BadInput: if the first line holds numbers, or a name twice.
    """
    if all(is_number(cell) for cell in header):
        raise BadInput(
            f"{path}, line 1: expected column names, found numbers ({', '.join(header[:4])}): add a line of names"
        )
    names = [name or f"(unnamed {place})" for place, name in enumerate(header, 1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"{path}, line 1: {names.count(twice)} columns have the name {twice!r}; rename them")
    return names


def names_in(text: str, names: Sequence[str], flag: str, where: str) -> list[str]:
    """Returns the columns that a user names, as `a,b`; a name may hold commas.

    Args:
        text: names with commas between them.
        names: names of the columns.
        flag: flag of the text, for errors.
        where: name of the file.

    Raises:
        BadInput: if there is no such column, or one is named twice.

    >>> names_in("a,b, c", ["a", "b, c"], "--d.target", "t.csv")
    ['a', 'b, c']
    """
    found, rest = [], text.strip()
    while rest:
        fits = [each for each in names if rest == each or rest.startswith(f"{each},")]
        name = max(fits, key=len) if fits else column_named(rest.partition(",")[0].strip(), names, flag, where)
        if name in found:
            raise BadInput(f"{flag} {text} names the column {name!r} twice")
        found.append(name)
        rest = rest[len(name) + 1 :].strip()
    return found


def column_named(name: str, names: Sequence[str], flag: str, where: str) -> str:
    """Returns the name if there is such a column.

    Raises:
        BadInput: if there is none; the message lists those there are.
    """
    if name in names:
        return name
    same = next((each for each in names if each.lower() == name.lower()), name)
    known = ", ".join(names[:_SHOWN]) + ", ..." * (len(names) > _SHOWN)
    raise BadInput(f"{flag}: {where} has no column {name!r}{did_you_mean(same, names)} (it has: {known})")


def _check_footer(path: Path, lines: Sequence[int], columns: Sequence[Cells]) -> None:
    """Checks that the last line is a row and no sum of those above."""
    last = [column[-1] for column in columns]
    first = next((i for i, cell in enumerate(last) if cell), 0)
    word = last[first].lower().strip(" :.")
    others = last[first + 1 :]
    if word not in FOOTERS or not all(is_number(cell) or cell.lower() in MISSING for cell in others):
        return
    if sum(cell.lower().strip(" :.") == word for cell in columns[first]) == 1:
        raise BadInput(
            f"{path}, line {lines[-1]}: {last[first]!r} looks like a sum below the rows: remove the line; if it is a "
            "row, move it from the end of the file"
        )


def _without(block: list[str], words: Collection[str]) -> list[str]:
    return ["" if cell.lower() in words else cell for cell in block]
