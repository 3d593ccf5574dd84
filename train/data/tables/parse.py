"""Parses the cells of a column by its kind: numbers, yes and no, categories, dates."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import BadInput
from ..formats.dates import read_date
from .cells import Cells, blocks_of
from .texts import MISSING, number_in
from .units import amount, form_of, in_words

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "KINDS",
    "NO",
    "YES",
    "Parsed",
    "Where",
    "categories",
    "is_missing",
    "of_categories",
    "parse",
    "parse_numbers",
    "text_of",
    "unit_form",
]

KINDS = ("number", "yes/no", "category", "date")
"""Kinds of columns that the encoder turns into numbers."""

YES = frozenset({"yes", "y", "true", "t", "1", "on", "ja", "j", "oui", "si", "s\u00ed", "sim"})
NO = frozenset({"no", "n", "false", "f", "0", "off", "nein", "non", "n\u00e3o"})
"""Texts of yes and no, in lower case."""

_EPOCH = datetime(1970, 1, 1)
_LARGEST = 1e30  # as of a series
_GONE = frozenset(each for text in MISSING for each in (text, text.upper(), text.capitalize()))

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

    def joined(self, more: "Parsed") -> "Parsed":
        """Returns these cells and more of the same kind below them; categories are matched by their texts.

        >>> parse(["a", "b"], "category", str).joined(parse(["c", "b", ""], "category", str))[1:]
        (array([ 0,  1,  2,  1, -1], dtype=int32), ('a', 'b', 'c'))
        """
        import numpy as np

        values, names = more.values, self.names
        if names != more.names:
            names = tuple(dict.fromkeys((*names, *more.names)))
            places = {name: i for i, name in enumerate(names)}
            values = np.array([*(places[name] for name in more.names), -1], np.int32)[values]
        return self._replace(values=np.concatenate([self.values, values]), names=names)


def parse(column: Sequence, kind: str, where: Where, form: str = "") -> Parsed:
    """Parses the cells of a column.

    Args:
        column: texts, or values of a data frame.
        kind: one of `KINDS`.
        where: `row -> place` of a cell in errors.
        form: form of the dates, as `strptime` reads it, "": ISO 8601; or of numbers with a unit, "": as found.

    Raises:
        BadInput: for the first cell that is not of the kind.

    >>> parse(["1.5", "", "2"], "number", str).values.tolist()
    [1.5, nan, 2.0]
    """
    if kind == "category":
        return categories(column, where)
    if kind == "number":
        values, wrong = parse_numbers(column)
        if wrong is not None:
            texts = categories(column, where)
            if form := form or unit_form(texts, where):
                return of_categories(texts, kind, where, form)
            number_in(where(wrong), text_of(column[wrong]))
            raise BadInput(f"{where(wrong)}: {text_of(column[wrong])!r} is not a number")
        return Parsed(kind, values)
    return of_categories(categories(column, where), kind, where, form)


def parse_numbers(column: Sequence) -> "tuple[np.ndarray, int | None]":
    """Parses the cells of a column as numbers, NaN where missing, infinite where they are none.

    Returns:
        Values float64 (rows,), and the first row whose cell is no number, or is beyond 1e30; None if there is none.

    >>> parse_numbers(["1", "x"])[1]
    1
    """
    import numpy as np

    if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
        values = column.astype(np.float64)
    else:
        read = _number if _may_hold(column, "_") else float  # Python reads 1_000 as a number, a table does not
        parts = [_block(block, read) for block in blocks_of(column)]
        values = np.concatenate(parts) if parts else np.zeros(0)
    bad = np.abs(values) >= _LARGEST
    return (values, int(bad.argmax())) if bad.any() else (values, None)


def _may_hold(column: Sequence, text: str) -> bool:
    if isinstance(column, Cells):
        return column.holds(text)
    return any(isinstance(cell, str) and text in cell for block in blocks_of(column) for cell in block)


def _block(cells: list, read: Callable[[Any], float]) -> "np.ndarray":
    import numpy as np

    for some in (cells, None):
        try:  # the quickest way that succeeds: cells that are numbers, or empty
            some = cells if some is cells else ["nan" if cell in _GONE else cell for cell in cells]
            return np.fromiter(map(read, some), np.float64, len(cells))
        except (TypeError, ValueError, OverflowError):
            continue
    return np.fromiter(map(_number, cells), np.float64, len(cells))


def _number(cell: Any) -> float:
    """Returns the number in a cell, NaN if it is missing, infinity if it is none."""
    if is_missing(cell):
        return float("nan")
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    try:
        return float("inf") if isinstance(cell, str) and "_" in cell else float(cell)
    except (TypeError, ValueError, OverflowError):
        return float("inf")


def categories(column: Sequence, where: Where = str) -> Parsed:
    """Numbers the different texts of a column in the order of their first cell.

    >>> categories(["b", "a", "", "b"]).values.tolist()
    [0, 1, -1, 0]
    """
    import numpy as np

    places: dict[Any, int] = {}
    cells = (cell for block in blocks_of(column) for cell in block)
    try:
        raw = np.fromiter((places.setdefault(cell, len(places)) for cell in cells), np.int32, len(column))
    except TypeError:
        raise _no_value(column, where) from None
    names: dict[str, int] = {}
    codes = [-1 if is_missing(cell) else names.setdefault(text_of(cell), len(names)) for cell in places]
    return Parsed("category", np.array([*codes, -1], np.int32)[raw], tuple(names))


def _no_value(column: Sequence, where: Where) -> BadInput:
    """Describes the first cell that holds several values."""
    cells = enumerate(cell for block in blocks_of(column) for cell in block)
    row, cell = next((row, cell) for row, cell in cells if not isinstance(cell, Hashable))
    return BadInput(
        f"{where(row)}: expected a number, a text or a date, found a {type(cell).__name__}; make a column of each of "
        "its values, or leave the column out"
    )


def of_categories(found: Parsed, kind: str, where: Where, form: str = "") -> Parsed:
    """Parses categories that are yes and no, dates, or numbers with a unit; arguments and errors as of `parse`."""
    import numpy as np

    read = {"yes/no": _yes_or_no, "number": amount}.get(kind, _seconds)
    values = np.full(len(found.names) + 1, np.nan)  # the last for missing cells, whose place is -1
    for i, name in enumerate(found.names):
        try:
            values[i] = read(name, form)
        except ValueError:
            row = int((found.values == i).argmax())
            raise BadInput(f"{where(row)}: {name!r} is not {_wanted(kind, form)}") from None
    return Parsed(kind, values[found.values])


def unit_form(texts: Parsed, where: Where, name: str = "NAME") -> str:
    """Returns the form of the numbers with a unit that a column, of a name for errors, holds; "" if it holds none.

    Raises:
        BadInput: if a comma may separate thousands or decimals.
    """
    try:
        return form_of(texts.names)
    except ValueError as error:
        row = int((texts.values == texts.names.index(str(error))).argmax())
        raise BadInput(
            f"{where(row)}: {str(error)!r} may be a number with thousands separators or a decimal comma: write it with "
            f"a decimal point alone, or choose the kind: --d.columns {name}=category"
        ) from None


def _wanted(kind: str, form: str) -> str:
    if kind == "number":
        return f"one of the {in_words(form)}"
    return "yes or no" if kind == "yes/no" else f"a date{f' in the form {form}' * bool(form)}"


def _yes_or_no(text: str, form: str) -> float:
    if text.lower() in YES or text.lower() in NO:
        return float(text.lower() in YES)
    raise ValueError(text)


def _seconds(text: str, form: str) -> float:
    return (read_date(text, form) - _EPOCH).total_seconds()


def is_missing(cell: Any) -> bool:
    """Returns whether a cell holds no value: None, NaN, an empty text or a text for it.

    >>> [is_missing(cell) for cell in ("N/A", float("nan"), None, "0", 0)]
    [True, True, True, False, False]
    """
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING
    if cell is None or type(cell).__name__ in ("NAType", "NaTType"):  # of pandas, which compares as no value does
        return True
    return isinstance(cell, float) and cell != cell


def text_of(cell: Any) -> str:
    """Returns the text of a cell, by which categories and classes are named.

    >>> text_of(3.0), text_of(True), text_of(" a "), text_of(2.5)
    ('3', 'yes', 'a', '2.5')
    """
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool) or type(cell).__name__ == "bool_":
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
