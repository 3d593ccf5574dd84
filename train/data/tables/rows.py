"""Rows of a table: its columns parsed by their kinds, targets and weights, without the rows that count nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import BadInput
from .kinds import Found, find_kind
from .parse import KINDS, Parsed, parse
from .read import RawTable
from .target import Meaning, Target, no_target, read_target

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Asked", "Rows", "rows_of"]


@dataclass(frozen=True)
class Rows:
    """Holds the parsed columns of some rows with their targets, and their weights; None: all count the same."""

    columns: Mapping[str, Parsed]
    y: "np.ndarray"
    weight: "np.ndarray | None" = None

    def take(self, rows: Any) -> "Rows":
        """Returns some of the rows."""
        columns = {name: parsed.take(rows) for name, parsed in self.columns.items()}
        return Rows(columns, self.y[rows], _some(self.weight, rows))

    def joined(self, more: "Rows") -> "Rows":
        """Returns these rows and those of another table after them."""
        import numpy as np

        columns = {name: parsed.joined(more.columns[name]) for name, parsed in self.columns.items()}
        weight = None if self.weight is None or more.weight is None else np.concatenate([self.weight, more.weight])
        return Rows(columns, np.concatenate([self.y, more.y]), weight)


class Asked(NamedTuple):
    """Holds the names of the target columns, what they hold, and the name of the column of weights, "" for none."""

    targets: Sequence[str]
    meaning: Meaning
    weight: str


def rows_of(
    raw: RawTable, asked: Asked, known: Mapping[str, Found], classes: Sequence[str]
) -> tuple[Rows, dict[str, Found], Target, list[str]]:
    """Parses the rows that have a target; returns the kinds of the columns, the targets and a line on rows without."""
    import numpy as np

    cells = {each: raw.columns.pop(each) for each in asked.targets}
    goal = read_target(cells, asked.meaning, raw.where, classes) if asked.targets else no_target(len(raw.lines))
    weight, notes = _weights(raw, asked.weight, goal.there) if asked.weight else (None, [])
    rows = np.flatnonzero(goal.there if weight is None else goal.there & (weight > 0))
    every = len(rows) == len(goal.there)
    kinds, columns = {}, {}
    for name in list(raw.columns):
        cells, found, parsed = raw.columns.pop(name), known.get(name), None
        at = partial(raw.where, name)
        if found is None:
            found, parsed = find_kind(name, cells, at)
        kinds[name] = found
        if found.kind in KINDS:
            parsed = parsed or parse(cells, found.kind, at, found.form)
            columns[name] = parsed if every else parsed.take(rows)
    if gone := int((~goal.there).sum()):
        first = raw.lines[int((~goal.there).argmax())]
        named = f" (empty, or {', '.join(goal.blanks)}: rename those that are classes)" if goal.blanks else ""
        notes = [f"{raw.path}: {gone:,} rows without a target are left out, the first in line {first}{named}", *notes]
    found = Rows(columns, goal.y, weight) if every else Rows(columns, goal.y[rows], _some(weight, rows))
    return found, kinds, goal, notes


def _some(weight: "np.ndarray | None", rows: "np.ndarray") -> "np.ndarray | None":
    return None if weight is None else weight[rows]


def _weights(raw: RawTable, name: str, there: "np.ndarray") -> "tuple[np.ndarray, list[str]]":
    """Takes the column of weights out of a table; returns them, and a line on them.

    Raises:
        BadInput: if one of a row with a target is no number from 0 up, or all are 0.
    """
    import numpy as np

    at = partial(raw.where, name)
    weight = parse(raw.columns.pop(name), "number", at).values
    bad = np.flatnonzero(there & ~(weight >= 0))
    if bad.size:
        found = "missing" if np.isnan(weight[bad[0]]) else f"{weight[bad[0]]:g}"
        raise BadInput(f"{at(int(bad[0]))}: the weight is {found}: give a number from 0 up, 0 leaves the row out")
    if not (weight[there] > 0).any():
        raise BadInput(f"--d.weight {name}: all weights are zero; at least one row must count")
    counted = weight[there & (weight > 0)]
    zero = int((weight[there] == 0).sum())
    line = f"{raw.path}: weights of the rows: column {name}, {counted.min():g} to {counted.max():g}"
    return weight, [line + f"; {zero:,} rows of weight 0 are left out" * bool(zero)]
