"""Reads the dates of a column in their usual forms, with the order of day and month decided by the whole column."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

__all__ = ["ISO", "ascending", "forms", "read_date", "readings"]

ISO = ""
"""Form of ISO 8601; the others are those of `strptime`."""


_DAYS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"),
    *("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %Y", "%B %Y", "%m/%Y"),
    *("%Y.%m.%d", "%Y-%m", "%Y/%m", "%Y.%m", "%b-%Y", "%b-%y", "%d %b %y", "%d. %B %Y", "%d. %b %Y", "%d/%b/%Y"),
    *("%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%A, %B %d, %Y", "%A, %d %B %Y", "%Y-%b-%d", "%Y %b %d"),
    *("%Y\u5e74%m\u6708%d\u65e5", "%b %d %Y", "%B %d %Y", "%m.%Y", "%d-%m-%y", "%Y-%m-%d", "%a %b %d %Y", "%d%m%Y"),
    *("%A %d %B %Y", "%b. %d, %Y", "%d. %b. %Y"),
)
_WHOLE = ("%a %b %d %H:%M:%S %Y", "%H:%M %d.%m.%Y", "%H:%M %m/%d/%Y")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S")
_NUMBER = re.compile(r"\d+(\.\d*)?")
_COMPACT = re.compile(r"(19|20)\d{6}")
_ORDINAL = re.compile(r"(\d)(st|nd|rd|th)\b", re.IGNORECASE)
_ZONE = re.compile(r"(:\d\d(\.\d+)?) (?!AM|PM)[A-Z]{2,4}")  # names of zones do not change the order of one file
_QUARTER = re.compile(r"(\d{4})[ -]?Q([1-4])|Q([1-4])[ -/]?(\d{4})", re.IGNORECASE)


def readings(cells: Sequence[str], *, digits: bool = False) -> tuple[list[list[datetime]], int]:
    """Reads the cells of a column as dates.

    Args:
        cells: cells of the column, from top to bottom.
        digits: whether numbers such as 2023.01 are dates.

    Returns:
        The times in every form that fits all cells, two if the order of day and month stays open; without any, the
        index of the first cell that does not fit the form that reaches furthest (0 if the first cell is no date).

    >>> [[time.month for time in times] for times in readings(["01/30/2023", "02/01/2023"])[0]]
    [[1, 2]]
    >>> readings(["30.01.2023", "Total"])
    ([], 1)
    """
    found, furthest, _ = forms(cells, digits=digits)
    return list(found.values()), furthest


def forms(cells: Sequence[str], *, digits: bool = False) -> tuple[dict[str, list[datetime]], int, str]:
    """Finds the forms in which all cells of a column are dates.

    Args:
        cells: cells of the column, from top to bottom.
        digits: whether numbers such as 2023.01 are dates.

    Returns:
        The times by form, a form only if its times are others than those of the forms before; the index of the first
        cell that does not fit the form that reaches furthest, and that form.

    >>> list(forms(["30.01.2023", "01.02.2023"])[0])
    ['%d.%m.%Y']
    """
    cells = [_cleaned(cell) for cell in cells]
    found, furthest, best = {}, 0, ISO
    for form in (ISO, *_WHOLE, *(day + clock for day in _DAYS for clock in _CLOCKS)):
        times = _times(cells, form, digits)
        furthest, best = max((furthest, best), (len(times), form), key=lambda each: each[0])
        if cells and len(times) == len(cells) and times not in found.values():
            found[form] = times
    return found, furthest, best


def read_date(cell: str, form: str) -> datetime:
    """Reads a date in a form.

    Raises:
        ValueError: if it does not fit.

    >>> read_date("1st Feb 2023", "%d %b %Y").month
    2
    """
    cell = _cleaned(cell)
    return datetime.strptime(cell, form) if form else _iso(cell)


def ascending(times: Sequence[Any]) -> bool:
    """Returns True if no time is before the one above it."""
    return all(a <= b for a, b in pairwise(times))


def _cleaned(cell: str) -> str:
    """Removes what `strptime` does not read: the ending of 1st, the name of a zone behind the time."""
    return _ZONE.sub(r"\1", _ORDINAL.sub(r"\1", cell))


def _times(cells: Sequence[str], form: str, digits: bool) -> list[datetime]:
    """Reads cells in one form up to the first that does not fit."""
    times = []
    for cell in cells:
        try:
            if not digits and _NUMBER.fullmatch(cell) and not _COMPACT.fullmatch(cell):
                break
            time = datetime.strptime(cell, form) if form else _iso(cell)
        except ValueError:
            break
        times.append(time)
    return times


def _iso(cell: str) -> datetime:
    """Reads an ISO date, or a quarter as its first day."""
    if found := _QUARTER.fullmatch(cell):
        return datetime(int(found[1] or found[4]), 3 * int(found[2] or found[3]) - 2, 1)
    if cell.isdigit() and len(cell) != 8:
        raise ValueError(cell)
    time = datetime.fromisoformat(cell.removesuffix(" UTC"))
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
