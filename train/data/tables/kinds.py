"""Finds the kinds of a table's columns: number, yes/no, category, date, or identifiers that are left out."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import BadInput
from ..formats.dates import forms
from .cells import Cells, blocks_of
from .parse import (
    KINDS,
    NO,
    YES,
    Parsed,
    Where,
    categories,
    is_missing,
    of_categories,
    parse,
    parse_numbers,
    text_of,
    unit_form,
)
from .units import in_words, odd_text

if TYPE_CHECKING:
    import numpy as np

__all__ = ["IDENTIFIER", "IGNORE", "Found", "find_kind", "given_kinds"]

IDENTIFIER, IGNORE = "identifier", "ignore"
"""Kinds of columns that are left out; identifiers are written beside the predictions."""

_NAMED_ID = re.compile(
    r"(^|[^a-z])(ids?|identifier|uuid|guid|index|idx|nr|no|key|row|rownames|unnamed: 0)$|[a-z]I[Dd]$|^$"
)
_CODE = re.compile(r"\x000\d")  # digits with a leading zero, behind the end of the cell before
_COMPACT = re.compile(r"(19|20)\d{6}(\.0)?")
_WITH_COMMAS = re.compile(r"[+-]?\d+(,\d+)*(\.\d+)?")
_MOSTLY = 0.9  # share of cells of a kind from which the others count as mistakes
_FIRST = 1000  # cells by which a column is tried as numbers
_SAMPLED = 4000  # different texts that decide whether they are dates
_FEW = 20  # different texts that are categories, however few rows there are
_SHORT = 5  # rows from which texts that are all different are identifiers


class Found(NamedTuple):
    """Kind of a column.

    Attributes:
        kind: one of `KINDS`, `IDENTIFIER` or `IGNORE`.
        form: form of the dates, "" ISO 8601; or of numbers with a unit.
        why: reason to leave the column out, or the assumption on a unit or on the order of day and month.
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


def find_kind(name: str, column: Sequence, where: Where) -> tuple[Found, Parsed | None]:
    """Finds the kind of a column.

    Args:
        name: name of the column.
        column: texts, or values of a data frame.
        where: `row -> place` of a cell in errors.

    Returns:
        The kind, and the cells parsed by it; None for a column that is left out.

    Raises:
        BadInput: if nearly all cells are numbers or dates and some are neither, which may be mistakes.

    >>> columns = (["1", "2.5"], ["no", "yes"], ["a", "b"], ["3.1.24", "31.1.24"])
    >>> [find_kind("x", cells, str)[0].kind for cells in columns]
    ['number', 'yes/no', 'category', 'date']
    """
    if _starts_with_numbers(column):
        values, wrong = parse_numbers(column)
        if wrong is None and not _is_code(column) and not _loses_digits(column, values):
            found = _of_numbers(name, column, values)
            if found.kind == "date":
                return found, parse(column, "date", where, found.form)
            return found, None if found.kind in (IDENTIFIER, IGNORE) else Parsed(found.kind, values)
        if wrong is not None:
            _check_mostly_numbers(name, column, values, wrong, where)
    texts = categories(column, where)
    found = _of_texts(name, texts, where)
    if found.kind in (IDENTIFIER, IGNORE):
        return found, None
    return found, texts if found.kind == "category" else of_categories(texts, found.kind, where, found.form)


def _starts_with_numbers(column: Sequence) -> bool:
    """Returns whether at least half of the first cells with a value are numbers."""
    import numpy as np

    values = parse_numbers(list(islice((cell for cell in _cells(column) if not is_missing(cell)), _FIRST)))[0]
    return len(values) > 0 and bool((np.abs(values) < 1e30).mean() >= 0.5)


def _check_mostly_numbers(name: str, column: Sequence, values: "np.ndarray", wrong: int, where: Where) -> None:
    import numpy as np

    there = values[~np.isnan(values)]
    if len(there) > _SHORT and (np.abs(there) < 1e30).mean() >= _MOSTLY:
        raise _mixed(name, "numbers", text_of(column[wrong]), where(wrong))


def _of_numbers(name: str, column: Sequence, values: "np.ndarray") -> Found:
    import numpy as np

    there = values[~np.isnan(values)]
    low, high = there.min(), there.max()
    if low == high and len(there) == len(values):
        return Found(IGNORE, why="the same in every row")
    if not ((there != 0) & (there != 1)).any():
        return Found("yes/no")
    whole = bool((there == np.floor(there)).all())
    if whole and low >= 19000101 and high <= 20991231:
        texts = list(islice(dict.fromkeys(text_of(cell) for cell in _cells(column) if not is_missing(cell)), _SAMPLED))
        if all(map(_COMPACT.fullmatch, texts)) and (found := forms(texts)[0]):
            return Found("date", next(iter(found)))
    each = whole and len(values) == len(there) >= _SHORT and len(np.unique(there)) == len(there)
    if each and (_NAMED_ID.search(_words(name)) or (np.diff(there) == 1).all()):
        return Found(IDENTIFIER, why="a number for every row")
    return Found("number")


def _of_texts(name: str, texts: Parsed, where: Where) -> Found:
    rows, different = int((texts.values >= 0).sum()), len(texts.names)
    if not rows:
        return Found(IGNORE, why="no values")
    if different == 1 and rows == len(texts.values):
        return Found(IGNORE, why="the same in every row")
    if _are_yes_and_no(texts.names):
        return Found("yes/no")
    if found := _amounts(name, texts, where) or _dates(name, texts, where):
        return found
    if any("," in each for each in texts.names) and all(map(_WITH_COMMAS.fullmatch, texts.names)):
        first = next(i for i, each in enumerate(texts.names) if "," in each)
        row = int((texts.values == first).argmax())
        raise BadInput(
            f"{where(row)}: {texts.names[first]!r} may be a number with thousands separators or a decimal comma: write "
            f"it with a decimal point alone, or choose the kind: --d.columns {name}=category"
        )
    if different == rows >= _SHORT or (different > _FEW and different > rows / 2):
        return Found(IDENTIFIER, why=f"{different:,} different texts in {rows:,} rows")
    return Found("category")


def _amounts(name: str, column: Parsed, where: Where) -> Found | None:
    """Returns the kind if the texts are numbers with a unit."""
    if form := unit_form(column, where, name):
        return Found("number", form, f"read as {in_words(form)}")
    texts = column.names
    wrong = odd_text(texts, _MOSTLY) if len(texts) > _SHORT else ""
    if wrong:
        raise _mixed(name, "numbers with a unit", wrong, where(int((column.values == texts.index(wrong)).argmax())))
    return None


def _dates(name: str, column: Parsed, where: Where) -> Found | None:
    """Returns the kind if the texts are dates; with the assumption made where the order of day and month stays open."""
    texts = list(column.names)
    some = texts if len(texts) <= _SAMPLED else texts[:: len(texts) // _SAMPLED]
    if not any(any(each.isdigit() for each in text) for text in some[:3]):
        return None
    found, furthest, best = forms(some)
    if not found:
        fits = len(some) - 1 if _all_but_one(some, furthest, best) else furthest
        if len(some) > _SHORT and fits >= _MOSTLY * len(some) and furthest > 1:
            wrong = some[furthest]
            raise _mixed(name, "dates", wrong, where(int((column.values == texts.index(wrong)).argmax())))
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
        some = any(isinstance(cell, str) and _CODE.match(f"\0{cell}") for cell in _cells(column))
    if not some:
        return False
    texts = [cell for cell in _cells(column) if not is_missing(cell)]
    return all(isinstance(cell, str) and cell.isdigit() and len(cell) == len(texts[0]) for cell in texts)


def _loses_digits(column: Sequence, values: "np.ndarray") -> bool:
    """Returns whether whole numbers differ that are the same as floating-point numbers, as long identifiers."""
    import numpy as np

    there = values[~np.isnan(values)]
    if not (np.abs(there) > 2**53).any():
        return False
    texts = {text_of(cell) for cell in _cells(column) if not is_missing(cell)}
    return len({text for text in texts if text.lstrip("+-").isdigit()}) > len(np.unique(there))


def _cells(column: Sequence) -> Any:
    return (cell for block in blocks_of(column) for cell in block)


def _are_yes_and_no(texts: Sequence[str]) -> bool:
    words = {text.lower() for text in texts[:_SHORT]}
    return len(words) <= 2 and words <= YES | NO and len(words & YES) <= 1 and len(words & NO) <= 1


def _words(name: str) -> str:
    """Returns a name as `_NAMED_ID` reads it: in lower case but for the I of customerID."""
    return name if re.search(r"[a-z]I[Dd]$", name) else name.lower().replace("_", " ").strip()
