"""Reads the dates of a column in their usual forms, with the order of day and month decided by the whole column."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

__all__ = ["ascending", "readings"]

_DAYS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y"),
    *("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y", "%d-%b-%y", "%b %Y", "%B %Y", "%m/%Y"),
)
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def readings(cells: Sequence[str]) -> tuple[list[list[datetime]], int]:
    """Reads the cells of a column as dates.

    Args:
        cells: cells of the column, from top to bottom.

    Returns:
        The times in every form that fits all cells, two if the order of day and month stays open; without any, the
        index of the first cell that does not fit the form that reaches furthest (0 if the first cell is no date).

    >>> [[time.month for time in times] for times in readings(["01/30/2023", "02/01/2023"])[0]]
    [[1, 2]]
    >>> readings(["30.01.2023", "Total"])
    ([], 1)
    """
    found, furthest = [], 0
    for form in (None, *(day + clock for day in _DAYS for clock in _CLOCKS)):
        times = _times(cells, form)
        furthest = max(furthest, len(times))
        if cells and len(times) == len(cells) and times not in found:
            found.append(times)
    return found, furthest


def ascending(times: Sequence[datetime]) -> bool:
    """Returns True if no time is before the one above it."""
    return all(a <= b for a, b in pairwise(times))


def _times(cells: Sequence[str], form: str | None) -> list[datetime]:
    """Reads cells in one form, ISO for None, up to the first that does not fit."""
    times = []
    for cell in cells:
        try:
            time = datetime.strptime(cell, form) if form else _iso(cell)
        except ValueError:
            break
        times.append(time)
    return times


def _iso(cell: str) -> datetime:
    if cell.isdigit():  # 20230102 may be a number as well
        raise ValueError(cell)
    time = datetime.fromisoformat(cell)
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
