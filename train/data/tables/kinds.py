"""Finds the kinds of a table's columns: number, yes/no, category, date, or identifiers that are left out."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import BadInput
from ..formats.dates import forms
from .cells import Cells, blocks_of, is_missing, text_of
from .parse import KINDS, NO, YES, Where, parse_numbers

if TYPE_CHECKING:
    import numpy as np

__all__ = ["IDENTIFIER", "IGNORE", "Found", "find_kind", "given_kinds"]

IDENTIFIER, IGNORE = "identifier", "ignore"
"""Kinds of columns that are left out; identifiers are written beside the predictions."""

_NAMED_ID = re.compile(
    r"(^|[^a-z])(ids?|identifier|uuid|guid|index|idx|nr|no|key|row|rownames|unnamed: 0)$|[a-z]I[Dd]$|^$"
)
_CODE = re.compile(r"(?:^|\0)0\d")  # digits with a leading zero
_COMPACT = re.compile(r"(19|20)\d{6}(\.0)?")
_MOSTLY = 0.9  # share of cells of a kind from which the others count as mistakes
_SAMPLED = 4000  # different texts that decide whether they are dates
_FEW = 20  # different texts that are categories, however few rows there are
_SHORT = 5  # rows from which texts that are all different are identifiers


class Found(NamedTuple):
    """Kind of a column.

    Attributes:
        kind: one of `KINDS`, `IDENTIFIER` or `IGNORE`.
        form: form of the dates; "" ISO 8601.
        why: reason to leave the column out, or the assumption on the order of day and month.
    """

    kind: str
    form: str = ""
    why: str = ""


def given_kinds(text: str, names: Sequence[str]) -> dict[str, Found]:
    """Parses the kinds that a user gives, as in `age=number,job=category,id=ignore`.

    Args:
        text: pairs of a column and its kind; a date may have its form, `when=date:%d.%m.%Y`.
        names: names of the columns, which may hold commas.

    Raises:
        BadInput: if there is no such column or kind.

    >>> given_kinds("a=number,b=date:%Y", ["a", "b"])["b"]
    Found(kind='date', form='%Y', why='')
    """
    from ...option_types import did_you_mean

    found, rest = {}, text.strip()
    known = (*KINDS, IDENTIFIER, IGNORE)
    while rest:
        name = max((each for each in names if rest.startswith(f"{each}=")), key=len, default=None)
        if name is None:
            name = rest.partition("=")[0].strip()
            what = f"{name!r} has no kind"
            if name not in names:
                what = f"there is no column {name!r}{did_you_mean(name, names)}"
            raise BadInput(f"--d.columns: {what}; expected NAME=KIND,NAME=KIND with the kinds {', '.join(known)}")
        value, _, rest = rest[len(name) + 1 :].partition(",")
        kind, _, form = value.strip().partition(":")
        if kind not in known or (form and kind != "date"):
            raise BadInput(
                f"--d.columns {name}={value}: unknown kind{did_you_mean(kind, known)} (choose from {', '.join(known)}; "
                "date may have a form, as in date:%d.%m.%Y)"
            )
        found[name], rest = Found(kind, form), rest.strip()
    return found


def find_kind(name: str, column: Sequence, where: Where) -> Found:
    """Finds the kind of a column.

    Args:
        name: name of the column.
        column: texts, or values of a data frame.
        where: `row -> place` of a cell in errors.

    Raises:
        BadInput: if nearly all cells are numbers or dates and some are neither, which may be mistakes.

    >>> [find_kind("x", cells, str).kind for cells in (["1", "2.5"], ["no", "yes"], ["a", "b"], ["3.1.24", "31.1.24"])]
    ['number', 'yes/no', 'category', 'date']
    """
    import numpy as np

    values, wrong = parse_numbers(column)
    there = values[~np.isnan(values)]
    if not len(there):
        return Found(IGNORE, why="no values")
    if wrong is None and not _is_code(column):
        return _of_numbers(name, column, values, there)
    texts = _counted(column)
    if len(texts) == 1 and sum(texts.values()) == len(column):
        return Found(IGNORE, why="the same in every row")
    if _are_yes_and_no(texts):
        return Found("yes/no")
    if found := _dates(name, column, list(texts), where):
        return found
    fits = np.abs(there) < 1e30
    if wrong is not None and _MOSTLY <= fits.mean() < 1 and len(texts) > _SHORT:
        raise _mixed(name, "numbers", text_of(column[wrong]), where(wrong))
    return _of_texts(texts)


def _of_numbers(name: str, column: Sequence, values: "np.ndarray", there: "np.ndarray") -> Found:
    import numpy as np

    low, high = there.min(), there.max()
    if low == high and len(there) == len(values):
        return Found(IGNORE, why="the same in every row")
    if not ((there != 0) & (there != 1)).any():
        return Found("yes/no")
    whole = bool((there == np.floor(there)).all())
    if whole and low >= 19000101 and high <= 20991231:
        texts = list(islice(_counted(column), _SAMPLED))
        if all(map(_COMPACT.fullmatch, texts)) and (found := forms(texts)[0]):
            return Found("date", next(iter(found)))
    each = whole and len(values) == len(there) >= _SHORT and len(np.unique(there)) == len(there)
    if each and (_NAMED_ID.search(_words(name)) or (np.diff(there) == 1).all()):
        return Found(IDENTIFIER, why="a number for every row")
    return Found("number")


def _of_texts(texts: Mapping[str, int]) -> Found:
    rows, different = sum(texts.values()), len(texts)
    if different == rows >= _SHORT or (different > _FEW and different > rows / 2):
        return Found(IDENTIFIER, why=f"{different:,} different texts in {rows:,} rows")
    return Found("category")


def _dates(name: str, column: Sequence, texts: list[str], where: Where) -> Found | None:
    """Returns the kind if the texts are dates; with the assumption made where the order of day and month stays open."""
    some = texts if len(texts) <= _SAMPLED else texts[:: len(texts) // _SAMPLED]
    if not any(any(each.isdigit() for each in text) for text in some[:3]):
        return None
    found, furthest, best = forms(some)
    if not found:
        fits = len(some) - 1 if _all_but_one(some, furthest, best) else furthest
        if len(some) > _SHORT and fits >= _MOSTLY * len(some) and furthest > 1:
            wrong = some[furthest]
            row = next(i for i, cell in enumerate(_cells(column)) if not is_missing(cell) and text_of(cell) == wrong)
            raise _mixed(name, "dates", wrong, where(row))
        return None
    form, *others = found
    if not others:
        return Found("date", form)
    other = next(iter(others))
    return Found("date", form, f"read as {form or 'YYYY-MM-DD'}; if it is {other}: --d.columns {name}=date:{other}")


def _all_but_one(texts: list[str], at: int, form: str) -> bool:
    """Returns whether the texts but for one are dates of a form."""
    rest = texts[:at] + texts[at + 1 :]
    return at < len(texts) and form in forms(rest)[0]


def _mixed(name: str, what: str, text: str, place: str) -> BadInput:
    return BadInput(
        f"{place}: {text!r}, where nearly all others are {what}: correct it; if it stands for a missing value, "
        f"--d.missing {text}; or choose the kind: --d.columns {name}=category"
    )


def _is_code(column: Sequence) -> bool:
    """Returns whether cells are digits of one length, some with a leading zero, as postal codes."""
    if isinstance(column, Cells):
        some = column.matches(_CODE)
    else:
        some = any(isinstance(cell, str) and _CODE.match(cell) for cell in _cells(column))
    if not some:
        return False
    texts = [cell for cell in _cells(column) if not is_missing(cell)]
    return all(isinstance(cell, str) and cell.isdigit() and len(cell) == len(texts[0]) for cell in texts)


def _counted(column: Sequence) -> dict[str, int]:
    """Returns the different texts with their numbers, in the order of their first cell; without missing ones."""
    raw: dict[Any, int] = {}
    for cell in _cells(column):
        raw[cell] = raw.get(cell, 0) + 1
    texts: dict[str, int] = {}
    for cell, count in raw.items():
        if not is_missing(cell):
            texts[text_of(cell)] = texts.get(text_of(cell), 0) + count
    return texts


def _cells(column: Sequence) -> Any:
    return (cell for block in blocks_of(column) for cell in block)


def _are_yes_and_no(texts: Mapping[str, int]) -> bool:
    words = {text.lower() for text in texts}
    return len(words) <= 2 and words <= YES | NO and len(words & YES) <= 1 and len(words & NO) <= 1


def _words(name: str) -> str:
    """Returns a name as `_NAMED_ID` reads it: in lower case but for the I of customerID."""
    return name if re.search(r"[a-z]I[Dd]$", name) else name.lower().replace("_", " ").strip()
