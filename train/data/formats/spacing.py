"""Describes how the times of a series are spaced: gaps and repeated times."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import BadInput

__all__ = ["EVEN", "Column", "spacing"]

EVEN = "the lines are taken as evenly spaced in time"
_LONGER = 1.5  # times the usual step; months differ by less
_DAY, _WEEKEND = timedelta(days=1), timedelta(days=3)


class Column(NamedTuple):
    """Holds a column of a CSV file.

    Attributes:
        path: path of the file.
        name: name of the column.
        lines: numbers of the lines.
        cells: cells, in the order of the lines.
    """

    path: Path
    name: str
    lines: list[int]
    cells: list[str]

    @property
    def words(self) -> frozenset[str]:
        """Words of the name, in lower case."""
        return frozenset(re.split(r"[^a-z]+", self.name.lower()))

    def at(self, k: int) -> str:
        """Names a line with its cell."""
        return f"line {self.lines[k]} ({self.cells[k]})"

    @property
    def where(self) -> str:
        """File and name, for messages."""
        return f"{self.path}, column {self.name!r}"

    def refused(self, k: int, reason: str) -> BadInput:
        """Makes the error of a line."""
        return BadInput(f"{self.path}, line {self.lines[k]}, column {self.name!r}: {reason}")


def spacing(column: Column, times: Sequence[Any]) -> list[str]:
    """Describes times that ascend: their range, repeated ones, and steps longer than the usual one.

    Between weekdays a weekend is no gap.

    Args:
        column: the column that holds them.
        times: dates or numbers.
    """
    found = [f"{column.where}: the order in time, {_time(times[0])} to {_time(times[-1])}"]
    steps = [later - earlier for earlier, later in pairwise(times)]
    repeated = [k for k, step in enumerate(steps, 1) if not step]
    if repeated:
        found.append(f"{column.where}: {_times(len(repeated))} repeated, the first in {column.at(repeated[0])}")
    usual = Counter(step for step in steps if step).most_common(1)
    gaps = [k for k, step in enumerate(steps, 1) if usual and step > _LONGER * usual[0][0]]
    if gaps and usual[0][0] == _DAY and all(time.weekday() < 5 for time in times):
        gaps = [k for k in gaps if steps[k - 1] > _WEEKEND or times[k - 1].weekday() != 4]
    if gaps:
        step = str(usual[0][0]).removesuffix(", 0:00:00") if isinstance(times[0], datetime) else f"{usual[0][0]:g}"
        between = f"{column.at(gaps[0] - 1)} and {column.at(gaps[0])}"
        found.append(
            f"{column.where}: {len(gaps):,} gap{'s' * (len(gaps) > 1)} longer than the usual step of {step}, the first "
            f"between {between}; {EVEN}"
        )
    return found


def _times(count: int) -> str:
    return "1 time is" if count == 1 else f"{count:,} times are"


def _time(time: Any) -> str:
    return time.isoformat(" ").removesuffix(" 00:00:00") if isinstance(time, datetime) else f"{time:.15g}"
