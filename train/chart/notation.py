"""Notation of the line `Chart:` of a model card: the rows of the chart that a model is, and its cells.

    Chart: FF (--dataset iris), DFF; input -> hidden (hidden) -> output
    Chart: kin of GAN; backfed input (latent) -> hidden (hidden) -> match input output
    Chart: BM; ring of backfed input and probabilistic hidden (hidden)

Between columns stands how they are connected: `->` by trained weights, `~>` by random ones that stay, `--` in both
directions, `=>` by attention. In parentheses stand options of the model, whose value is the number of cells; an option
of several numbers makes as many columns. `x depth` repeats a column.
"""

import re
from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from ..errors import BadInput
from .kinds import KINDS

__all__ = ["Column", "Drawing", "Group", "read_chart", "resolve"]

_JOINS = ("->", "~>", "--", "=>")
_FORMS = ("residual", "web", "grid", "ring")
_GROUP = re.compile(rf"(?:({'|'.join(_FORMS)})(?: of)? )?({'|'.join(sorted(KINDS, key=len, reverse=True))})"
                    r"(?: \(([\w *+]+)\))?(?: x (\w+))?")  # fmt: skip


class Group(NamedTuple):
    """Cells of one kind.

    Attributes:
        kind: one of `KINDS`.
        size: number of cells: names of options, multiplied or added, as the card states them; "": the data decides it.
        form: "", residual (with a shortcut past it), web (sparse random connections), grid, or ring (all connected).
        times: number of columns: a number or the name of an option.
    """

    kind: str
    size: str = ""
    form: str = ""
    times: str = "1"


class Column(NamedTuple):
    """Column of a drawing: groups of cells above each other, and the connection to the column before.

    Attributes:
        groups: `(Group, count)` pairs, from above; a count of None: not known.
        join: one of `->`, `~>`, `--`, `=>`.
        aside: whether the last group is a memory that only the first one is connected to.
    """

    groups: tuple[tuple[Group, int | None], ...]
    join: str = "->"
    aside: bool = False


class Drawing(NamedTuple):
    """Content of a `Chart:` line.

    Attributes:
        rows: flags of the command by the short name of the chart's row; empty for a model that is no row itself.
        kin: short name of the row that the model is a variant of, or "".
        columns: the columns, with groups whose counts are not resolved.
    """

    rows: Mapping[str, str]
    kin: str
    columns: tuple[Column, ...]


def read_chart(text: str, where: str) -> Drawing:
    """Parses the text after `Chart:`.

    Args:
        text: rows and cells, as the module's docstring shows them.
        where: name of the model, for messages.

    Raises:
        BadInput: if the text is not in this notation.

    >>> drawing = read_chart("FF (--dataset iris), DFF; input -> hidden (hidden) -> output", "mlp")
    >>> dict(drawing.rows), len(drawing.columns)
    ({'FF': '--dataset iris', 'DFF': ''}, 3)
    """
    rows, semicolon, cells = " ".join(text.split()).partition("; ")
    if not semicolon:
        raise BadInput(f"the card of {where}: expected `Chart: ROWS; CELLS`, got {text!r}")
    kin = rows.removeprefix("kin of ") if rows.startswith("kin of ") else ""
    named = {} if kin or rows == "none" else _rows(rows, where)
    words = re.split(rf" ({'|'.join(_JOINS)}) ", cells)
    joins = ["->", *words[1::2]]
    return Drawing(named, kin, tuple(_column(*pair, where) for pair in zip(words[::2], joins, strict=True)))


def resolve(drawing: Drawing, values: Mapping[str, Any], data: Mapping[str, int | None]) -> tuple[Column, ...]:
    """Fills in the numbers of cells.

    Args:
        drawing: result of `read_chart`.
        values: values of all options of the model.
        data: what the data set decides: `inputs`, numbers in an example, `features`, those at a step of a sequence,
            and `outputs`; None: not known.

    Returns:
        Columns, one for each layer.
    """
    made = []
    for column in drawing.columns:
        first, *others = (group for group, _ in column.groups)
        others = tuple((each, _product(each, values, data)) for each in others)
        times = next((group.times for group, _ in column.groups if group.times != "1"), "1")
        for count in _counts(first, values, data) * int(values.get(times, times)):
            made.append(Column(((first, count), *others), column.join, column.aside))
    return tuple(made)


def _rows(text: str, where: str) -> dict[str, str]:
    found = {}
    for entry in text.split(", "):
        match = re.fullmatch(r"(\w+)(?: \((--[^)]*)\))?", entry)
        if not match:
            raise BadInput(f"the card of {where}: expected rows such as `FF (--dataset iris), DFF`, got {text!r}")
        found[match[1]] = match[2] or ""
    return found


def _column(text: str, join: str, where: str) -> Column:
    head, aside, rest = text.partition(" with ")
    parts = [head, rest] if aside else re.split(r" and | \| ", text)
    return Column(tuple((_group(part, where), None) for part in _spread(parts)), join, bool(aside))


def _spread(parts: list[str]) -> list[str]:
    """Lets the form of a ring hold for all its kinds."""
    return [parts[0], *(f"ring of {part}" if parts[0].startswith("ring") else part for part in parts[1:])]


def _group(text: str, where: str) -> Group:
    match = _GROUP.fullmatch(text)
    if not match:
        raise BadInput(
            f"the card of {where}: {text!r} names no kind of cells; the kinds are {', '.join(KINDS)}, before them may "
            f"stand {', '.join(_FORMS)}, after them (OPTION) and x OPTION"
        )
    form, kind, size, times = match.groups()
    return Group(kind, size or "", form or "", times or "1")


def _counts(group: Group, values: Mapping[str, Any], data: Mapping[str, Any]) -> list[int | None]:
    """Returns the numbers of cells of the columns that a group makes."""
    name = group.size.removeprefix("reversed ")
    value = values.get(name)
    if group.form not in ("web", "grid", "ring") and isinstance(value, tuple):
        return [*reversed(value)] if group.size != name else [*value]
    return [_product(group, values, data)]


def _product(group: Group, values: Mapping[str, Any], data: Mapping[str, Any]) -> int | None:
    if not group.size:
        inside = group.kind.endswith("input") or group.kind == "match input output"
        return data["inputs"] if inside else data["outputs"] if group.kind == "output" else None
    return _sum(group.size, {**data, **values})


def _sum(size: str, known: Mapping[str, Any]) -> int | None:
    """Computes `latent + outputs` or `rows * columns`; an option of several numbers counts as their product."""
    terms = []
    for term in size.split(" + "):
        factors = [int(name) if name.isdigit() else known[name] for name in term.split(" * ")]
        if None in factors:
            return None
        terms.append(prod(prod(each) if isinstance(each, tuple) else each for each in factors))
    return sum(terms)
