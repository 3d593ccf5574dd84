"""The figures of docs/runs.md: kept by name in runs.json beside this file, and shown there as one table."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .page import DOCS, HERE, keep, measured_on, publish

__all__ = ["KEPT", "PAGE", "Figure", "add_kept", "show", "table"]

KEPT = HERE / "runs.json"
PAGE = DOCS / "runs.md"


class Figure(NamedTuple):
    """A row of the table.

    Attributes:
        what: was done.
        often: how many times.
        result: what came of it.
        command: that measured it.
    """

    what: str
    often: str
    result: str
    command: str


def add_kept(parser: argparse.ArgumentParser) -> None:
    """Adds the flag `--kept` to a benchmark's own."""
    text = "file of the figures; any but its own leaves docs/runs.md as it is"
    parser.add_argument("--kept", type=Path, default=KEPT, help=text)


def show(figures: Mapping[str, Figure], kept: Path = KEPT, page: Path = PAGE) -> None:
    """Keeps figures in the place of those of the same names, prints the table, and puts it into the page.

    Args:
        figures: by name.
        kept: the file; the page is written if it is the benchmarks' own.
        page: the page.
    """
    text = table(keep(kept, {name: figure._asdict() for name, figure in figures.items()}))
    print(text)
    if kept == KEPT:
        publish(page, runs=text)


def table(kept: Mapping[str, Mapping]) -> str:
    """The Markdown table, in the order of the names, and below it where the figures were measured."""
    rows = [Figure(*(each[name] for name in Figure._fields)) for _, each in sorted(kept.items())]
    lines = [f"| {row.what} | {row.often} | {row.result} | `{row.command}` |" for row in rows]
    head = ["| what | how often | result | by |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, "", measured_on(list(kept.values()))])
