"""Checks that the lines of a series are in the order of time."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...errors import BadInput
from ..tables.texts import FOOTERS, is_number
from .csv import Row
from .dates import ascending, readings
from .spacing import EVEN, Column, spacing

__all__ = ["check_times"]

_MOMENTS = frozenset({"date", "datetime", "timestamp", "year", "datum", "jahr", "ds", "epoch", "unix"})
_TIMES = _MOMENTS | {"time", "day", "month", "zeit", "tag", "monat"}  # the latter may begin anew
_EXACT = _TIMES | {"", "utc", "seconds", "sec", "s", "ms"}  # other words may mean another time, as in birth year
_UNITS = ({"year", "jahr"}, {"month", "monat"}, {"day", "tag"}, {"hour"}, {"minute"})


def check_times(path: Path, header: list[str], rows: list[Row], place: int) -> list[str]:
    """Checks that times ascend: files with the newest line first are common, and would have the past forecast.

    Args:
        path: CSV file.
        header: names of its columns.
        rows: its other rows.
        place: index of the column with the values.

    Returns:
        Lines for the user: the column that gives the order in time, its gaps and repeated times; or that there is none.

    Raises:
        BadInput: if times do not ascend, or one line holds no time, as a footer.
    """
    lines = [line for line, _ in rows]
    columns = [
        Column(path, name, lines, [cells[i] for _, cells in rows]) for i, name in enumerate(header) if i != place
    ]
    found, unread, loose = [], [], []
    for column in columns if rows else ():
        if times := _dates(column, loose):
            found.append((column, times))
            continue
        _check_footer(column)
        if not column.words.isdisjoint(_TIMES):
            unread.append(column)
    if not found and unread:
        found = _of_numbers(unread)
    others = [f"{column.where} holds dates that are not in order: it is not taken as the time" for column, _ in loose]
    if found:
        return [*spacing(*max(found, key=lambda each: not each[0].words.isdisjoint(_TIMES))), *others]
    for _, error in loose:
        if error:
            raise error
    told = others
    told += [f"{path}: no column that is read as times; {EVEN}, the oldest first"]
    told += [f"{column.where} is not in order, or not read as times, as in {column.at(0)}" for column in unread]
    told += [f"{each.where} descends: if it is the time, sort the lines" for each in columns if rows and _falls(each)]
    return told


def _check_footer(column: Column) -> None:
    last = column.cells[-1].lower().strip(" :.")
    if last in FOOTERS and column.cells[-1] not in column.cells[:-1]:
        raise column.refused(-1, f"{column.cells[-1]!r} is no point in time: remove the line")


def _dates(column: Column, loose: list[tuple[Column, BadInput | None]]) -> list[datetime]:
    """Returns the times of a column of dates that ascend; none if it holds no dates, or is not the time.

    Dates that do not ascend, in a column that is not named as the time, are appended to `loose`: with the error if they
    descend, which is raised unless another column gives the order.

    Raises:
        BadInput: if the dates are not in order in a column named as the time, or some are no dates.
    """
    named = not column.words.isdisjoint(_TIMES)
    found, wrong = readings(column.cells, digits=named)
    if not found:
        if wrong and (named or wrong >= max(2, len(column.cells) / 2)):
            raise column.refused(
                wrong,
                f"{column.cells[wrong]!r} is not a date as in the lines above it; write all dates in one form, and "
                "remove lines that are no points in time, such as totals",
            )
        return []
    forward = [times for times in found if ascending(times)]
    falling = any(ascending(times[::-1]) and times[0] != times[-1] for times in found)
    if forward and not falling:
        return forward[0]
    if not (named or falling):
        loose.append((column, None))
        return []
    error = _unsorted(column, found[0]) if not forward else _unclear(column)
    if named:
        raise error
    loose.append((column, error))
    return []


def _unclear(column: Column) -> BadInput:
    return BadInput(
        f"{column.where}: the dates ascend if the month is first and descend if the day is, or the reverse; write them "
        "as YYYY-MM-DD"
    )


def _of_numbers(columns: list[Column]) -> list[tuple[Column, list[float]]]:
    """Returns the column named as the time and its numbers, where it is the only one and they ascend.

    Raises:
        BadInput: if they descend, or do not ascend in a column of years, dates or stamps.
    """
    pairs = [(column, _numbers(column)) for column in columns]
    if len(pairs) > 1:
        _check_parts(pairs)
        return []
    ((column, times),) = pairs
    if _falls(column) or (not ascending(times) and column.words <= _EXACT and not column.words.isdisjoint(_MOMENTS)):
        raise _unsorted(column, times)
    return pairs if times and ascending(times) else []


def _numbers(column: Column) -> list[float]:
    """Returns the numbers of a column; none if the first cell is no number.

    Raises:
        BadInput: if another cell is no number, as that of a footer.
    """
    wrong = next((k for k, cell in enumerate(column.cells) if not is_number(cell)), len(column.cells))
    if 0 < wrong < len(column.cells):
        raise column.refused(wrong, f"{column.cells[wrong]!r} is not a number as in the lines above it")
    return [float(cell) for cell in column.cells] if wrong else []


def _falls(column: Column) -> bool:
    """Returns whether a column holds numbers that descend from line to line."""
    numbers = [float(cell) for cell in column.cells if is_number(cell)]
    return len(numbers) == len(column.cells) > 1 and all(a > b for a, b in pairwise(numbers))


def _check_parts(columns: list[tuple[Column, list[float]]]) -> None:
    """Raises BadInput if years, months and days in columns of their own do not ascend together."""
    parts = [pair for unit in _UNITS for pair in columns if pair[1] and not pair[0].words.isdisjoint(unit)]
    if len(parts) > 1 and not parts[0][0].words.isdisjoint(_UNITS[0]):
        times = list(zip(*(numbers for _, numbers in parts), strict=True))
        if not ascending(times):
            at = next(k for k in range(1, len(times)) if times[k] < times[k - 1])
            raise _unsorted(next(column for column, each in parts if each[at] < each[at - 1]), times)


def _unsorted(column: Column, times: Sequence[Any]) -> BadInput:
    at = next(k for k in range(1, len(times)) if times[k] < times[k - 1])
    reason = f"{column.cells[at]} follows {column.cells[at - 1]}; sort the lines by time, the oldest first"
    return column.refused(at, reason)
