"""Parses the cells of a column by its kind: numbers, yes and no, categories, dates."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import BadInput
from ..formats.csv import number_in
from ..formats.dates import read_date
from .cells import blocks_of, is_missing, text_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KINDS", "NO", "YES", "Parsed", "parse", "parse_numbers"]

KINDS = ("number", "yes/no", "category", "date")
"""Kinds of columns that the encoder turns into numbers."""

YES = frozenset({"yes", "y", "true", "t", "1", "on", "ja", "j", "oui", "si", "s\u00ed", "sim"})
NO = frozenset({"no", "n", "false", "f", "0", "off", "nein", "non", "n\u00e3o"})
"""Texts of yes and no, in lower case."""

_EPOCH = datetime(1970, 1, 1)
_LARGEST = 1e30  # as of a series
_PRECISE = re.compile(r"\d_")  # Python reads 1_000, a table does not

Where = Callable[[int], str]


class Parsed(NamedTuple):
    """Holds the cells of a column as numbers.

    Attributes:
        kind: one of `KINDS`.
        values: float64 (rows,), NaN where missing: numbers, 1 and 0 for yes and no, seconds since 1970 of dates; of
            categories their place among `names`, int32 (rows,), -1 where missing.
        names: texts of the categories, in the order of their first cell.
    """

    kind: str
    values: "np.ndarray"
    names: tuple[str, ...] = ()

    def take(self, rows: Any) -> "Parsed":
        """Selects rows."""
        return self._replace(values=self.values[rows])


def parse(column: Sequence, kind: str, where: Where, form: str = "") -> Parsed:
    """Parses the cells of a column.

    Args:
        column: texts, or values of a data frame.
        kind: one of `KINDS`.
        where: `row -> place` of a cell in errors.
        form: form of the dates, as `strptime` reads it; "": ISO 8601.

    Raises:
        BadInput: for the first cell that is not of the kind.

    >>> parse(["1.5", "", "2"], "number", str).values.tolist()
    [1.5, nan, 2.0]
    """
    if kind == "category":
        return _categories(column)
    if kind == "number":
        values, wrong = parse_numbers(column)
        if wrong is not None:
            number_in(where(wrong), text_of(column[wrong]))
            raise BadInput(f"{where(wrong)}: {text_of(column[wrong])!r} is not a number")
        return Parsed(kind, values)
    return _of_names(_categories(column), kind, form, column, where)


def parse_numbers(column: Sequence) -> "tuple[np.ndarray, int | None]":
    """Parses the cells of a column as numbers, NaN where missing or none.

    Returns:
        Values float64 (rows,), and the first row whose cell is no number, or is beyond 1e30; None if there is none.

    >>> parse_numbers(["1", "x"])[1]
    1
    """
    import numpy as np

    if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
        values = column.astype(np.float64)
    else:
        parts = [_block(block) for block in blocks_of(column)]
        values = np.concatenate(parts) if parts else np.zeros(0)
    bad = np.abs(values) >= _LARGEST  # also infinite, by which `_block` marks what is no number
    return (values, int(bad.argmax())) if bad.any() else (values, None)


def _block(cells: list) -> "np.ndarray":
    import numpy as np

    try:
        values = np.fromiter(map(float, cells), np.float64, len(cells))
        if not (np.isnan(values).any() or any("_" in cell for cell in cells if type(cell) is str)):
            return values
    except (TypeError, ValueError, OverflowError):
        pass
    return np.fromiter(map(_number, cells), np.float64, len(cells))


def _number(cell: Any) -> float:
    """Returns the number in a cell, NaN if it is missing, infinity if it is none."""
    if is_missing(cell):
        return float("nan")
    try:
        wrong = isinstance(cell, str) and _PRECISE.search(cell)
        return float("inf") if wrong else float(cell)
    except (TypeError, ValueError, OverflowError):
        return float("inf")


def _categories(column: Sequence) -> Parsed:
    """Numbers the different texts of a column in the order of their first cell."""
    import numpy as np

    places: dict[Any, int] = {}
    raw = np.fromiter(
        (places.setdefault(cell, len(places)) for block in blocks_of(column) for cell in block), np.int32, len(column)
    )
    names: dict[str, int] = {}
    codes = [-1 if is_missing(cell) else names.setdefault(text_of(cell), len(names)) for cell in places]
    return Parsed("category", np.array([*codes, -1], np.int32)[raw], tuple(names))


def _of_names(found: Parsed, kind: str, form: str, column: Sequence, where: Where) -> Parsed:
    """Returns the values of categories that are yes and no, or dates."""
    import numpy as np

    read = _yes_or_no if kind == "yes/no" else _seconds
    values = np.full(len(found.names) + 1, np.nan)  # the last for missing cells, whose place is -1
    for i, name in enumerate(found.names):
        try:
            values[i] = read(name, form)
        except ValueError:
            row = int((found.values == i).argmax())
            what = "yes or no" if kind == "yes/no" else f"a date{f' in the form {form}' * bool(form)}"
            raise BadInput(f"{where(row)}: {name!r} is not {what}") from None
    return Parsed(kind, values[found.values])


def _yes_or_no(text: str, form: str) -> float:
    if text.lower() in YES or text.lower() in NO:
        return float(text.lower() in YES)
    raise ValueError(text)


def _seconds(text: str, form: str) -> float:
    return (read_date(text, form) - _EPOCH).total_seconds()
