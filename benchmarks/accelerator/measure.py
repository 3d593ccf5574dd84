"""Measures sections one after another: each row by a process, under a time limit, and written at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .plan import Asked, Job, Section
from .process import Ended, lines
from .record import Record, is_measured

__all__ = ["measure"]

_FLOOR = 25.0  # seconds below which no section is worth its start, unless no more are left
Say = Callable[[str], None]
_START = 4.0  # seconds in which no process measures anything


def measure(
    sections: Sequence[Section],
    asked: Asked,
    record: Record,
    end: float,
    environment: Mapping[str, str],
    say: Say,
) -> None:
    """Measures sections in order; each has its share of the time that is left, and what the earlier ones did not need.

    Args:
        sections: sections to measure.
        asked: what was asked for.
        record: takes every row.
        end: time of `time.monotonic` at which all must be over.
        environment: variables of the processes.
        say: prints a line.
    """
    for i, section in enumerate(sections):
        left = end - time.monotonic()
        part = left * section.weight / sum(each.weight for each in sections[i:])
        until = time.monotonic() + min(left, max(part, _FLOOR))
        say(f"\n{section.name}: {section.about}, {max(0.0, until - time.monotonic()):.0f} s at most")
        for job in section.jobs(replace(asked, rows=record.rows)):
            _measure(job, record, until, environment, say)


def _measure(
    job: Job, record: Record, until: float, environment: Mapping[str, str], say: Callable[[str], None]
) -> None:
    todo = [row for row in job.rows if not is_measured(record.get(job.table, row))]
    while todo:
        left = until - time.monotonic()
        why = job.why_not or ("no time was left" if left < _START else "")
        if why:
            for row in todo:
                _add(job, row, {"skipped": why}, record, say)
            return
        try:
            words = (*job.words, *todo) if job.named else job.words
            for values in lines(words, left, {**environment, **job.environment}, max(_FLOOR, left / 2)):
                _add(job, todo.pop(0), values, record, say)
                if not todo:
                    break
            if todo:
                _add(job, todo.pop(0), {"failed": "the process printed no result"}, record, say)
        except Ended as ended:  # the next process begins with the row behind
            if todo:
                _add(job, todo.pop(0), {"failed": f"the process {ended}"}, record, say)


def _add(job: Job, row: str, values: dict[str, Any], record: Record, say: Say) -> None:
    record.add(job.table, row, values)
    say(f"  {job.table}: {row}: {_brief(values)}")


def _brief(values: dict[str, Any]) -> str:
    if "skipped" in values:
        return f"not measured: {values['skipped']}"
    if "failed" in values:
        return f"FAILED: {values['failed']}"
    return ", ".join(f"{name} {_number(value)}" for name, value in values.items() if isinstance(value, int | float))


def _number(value: float) -> str:
    return ("yes" if value else "NO") if isinstance(value, bool) else f"{value:.4g}"
