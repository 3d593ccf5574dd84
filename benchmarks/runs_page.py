"""The measurements of docs/runs.md: stored by name in runs.json beside this file, and shown as one table."""

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
        what: description of the measurement.
        often: number of repetitions.
        result: result in words.
        command: command that measures it.
    """

    what: str
    often: str
    result: str
    command: str


def add_kept(parser: argparse.ArgumentParser) -> None:
    """Adds the flag `--kept`."""
    text = "file of the measurements; docs/runs.md is written only for the default"
    parser.add_argument("--kept", type=Path, default=KEPT, help=text)


def show(figures: Mapping[str, Figure], kept: Path = KEPT, page: Path = PAGE) -> None:
    """Stores measurements under their names, prints the table and writes it into the page.

    Args:
        figures: measurements by name.
        kept: JSON file; the page is written only for the default file.
        page: Markdown page.
    """
    text = table(keep(kept, {name: figure._asdict() for name, figure in figures.items()}))
    print(text)
    if kept == KEPT:
        publish(page, runs=text)


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table in the order of the names, followed by the machine and the versions."""
    rows = [Figure(*(each[name] for name in Figure._fields)) for _, each in sorted(kept.items())]
    lines = [f"| {row.what} | {row.often} | {row.result} | `{row.command}` |" for row in rows]
    head = ["| measurement | repetitions | result | command |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, "", measured_on(list(kept.values()))])
