"""Encodes tables as arrays of numbers, by what was fitted to the training rows and is kept with the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...errors import BadInput
from ...option_types import did_you_mean
from . import columns as column_encoding
from .columns import Column, encode, features, fit_column
from .kinds import IDENTIFIER, IGNORE, Found, find_kind
from .parse import Parsed, Where, parse

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MOST", "RARE", "Table", "TableEncoder", "fit"]

RARE, MOST = 10, 100
"""Training rows that a category needs for a feature of its own (one in a hundred, if that is fewer), and the largest
number of such categories of a column."""

Table = Mapping[str, Any]
"""Columns by name: texts, numbers, booleans, dates or None, each as a sequence, an array or a `Parsed`."""


@dataclass(frozen=True)
class TableEncoder:
    """Holds the columns of a table as fitted to training rows; `fit` makes it.

    Attributes:
        columns: the columns that become features, in their order.
        ignored: reason by name of the columns that are left out.
        identifiers: those of them that are identifiers.
        blanks: further texts that stand for a missing value in files.
    """

    columns: tuple[Column, ...]
    ignored: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the order of the array's columns."""
        return tuple(name for column in self.columns for name in features(column))

    @property
    def owners(self) -> tuple[str, ...]:
        """Name of the table's column of each feature."""
        return tuple(column.name for column in self.columns for _ in features(column))

    def transform(
        self, table: Table, where: Callable[[str, int], str] | None = None, note: Callable[[str], None] | None = None
    ) -> "np.ndarray":
        """Encodes the rows of a table, float32 (rows, features); numbers are scaled in float64 before.

        Args:
            table: columns by name, in any order; others than those of the training are not read.
            where: `column, row -> place` of a cell in errors.
            note: called with lines on missing values that were filled and on categories that the training rows lack.

        Raises:
            BadInput: if a column is missing or has another length, or a cell is not of its kind.
        """
        import numpy as np

        where = where or _place
        self._check(table)
        rows = _length(next(iter(table.values())), "") if table else 0
        x = np.zeros((rows, len(self.features)), np.float32)
        start = 0
        for column in self.columns:
            stop = start + len(features(column))
            cells = table[column.name]
            if _length(cells, column.name) != rows:
                raise BadInput(f"column {column.name!r} has {_length(cells, column.name):,} rows, others have {rows:,}")
            at = _of_column(column.name, where)
            parsed = cells if isinstance(cells, Parsed) else parse(cells, column.kind, at, column.form)
            encode(column, parsed, x[:, start:stop])
            if note:
                _tell(column, parsed, note)
            start = stop
        return x

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        return {
            "columns": [column_encoding.to_json(column) for column in self.columns],
            "ignored": dict(self.ignored),
            "identifiers": list(self.identifiers),
            "blanks": list(self.blanks),
        }

    @classmethod
    def from_json(cls, values: Any) -> "TableEncoder":
        """Builds an encoder from the values of `to_json`.

        Raises:
            ValueError: if they describe no encoder; the message names the wrong one.
        """
        if not isinstance(values, dict) or not isinstance(values.get("columns"), list) or not values["columns"]:
            raise ValueError(f"an encoder must have a list of columns, got {str(values)[:60]}")
        found = tuple(map(column_encoding.from_json, values["columns"]))
        names = [column.name for column in found]
        ignored = values.get("ignored", {})
        if len(set(names)) < len(names):
            raise ValueError("a column is described twice")
        if not isinstance(ignored, dict) or not all(isinstance(each, str) for each in ignored.values()):
            raise ValueError(f"'ignored' must be reasons by name, got {str(ignored)[:60]}")
        for name in ("identifiers", "blanks"):
            texts = values.get(name, [])
            if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
                raise ValueError(f"{name!r} must be a list of texts, got {str(texts)[:60]}")
        return cls(found, ignored, tuple(values.get("identifiers", [])), tuple(values.get("blanks", [])))

    def _check(self, table: Table) -> None:
        names = [column.name for column in self.columns]
        missing = [name for name in names if name not in table]
        if missing:
            more = f" and {len(missing) - 1} more" * (len(missing) > 1)
            raise BadInput(
                f"there is no column {missing[0]!r}{more}{did_you_mean(missing[0], table)}; expected are "
                f"{', '.join(names[:20])}{', ...' * (len(names) > 20)}"
            )


def fit(
    table: Table,
    kinds: Mapping[str, Found | str] = MappingProxyType({}),
    *,
    weight: "np.ndarray | None" = None,
    where: Callable[[str, int], str] | None = None,
    rare: int = RARE,
    most: int = MOST,
) -> TableEncoder:
    """Fits an encoder to training rows.

    Numbers: missing ones become the median of the training rows, then mean 0 and standard deviation 1 in float64.
    Yes/no: 0 and 1. Categories: a feature of 0 and 1 for each, and one that rare and unseen ones share; missing ones
    count as the most frequent. Dates: days since 1970, month, day, weekday and hour, as numbers. A column with missing
    cells has one more feature that is 1 at these.

    Args:
        table: columns by name; the target must not be among them.
        kinds: kinds of columns by name, which overrule those that are found.
        weight: weights of the rows (rows,), above 0, by which medians, the most frequent categories, means and standard
            deviations count them; None: all count the same.
        where: `column, row -> place` of a cell in errors.
        rare: training rows that a category needs for a feature of its own; one in a hundred, if that is fewer.
        most: categories of a column that may have one.

    Raises:
        BadInput: if no column remains, or nearly all cells of one are numbers or dates and some are neither.

    >>> encoder = fit({"age": ["20", "", "40"], "job": ["clerk", "cook", "clerk"]})
    >>> encoder.features
    ('age', 'age missing', 'job=clerk', 'job=cook', 'job=(other)')
    >>> encoder.transform({"job": ["pilot"], "age": [""]}).tolist()
    [[0.0, 1.0, 0.0, 0.0, 1.0]]
    """
    where = where or _place
    fitted, ignored, identifiers = [], {}, []
    for name, cells in table.items():
        found, parsed, at = kinds.get(name), None, _of_column(name, where)
        if found is None:
            found, parsed = find_kind(name, cells, at)
        found = Found(found) if isinstance(found, str) else found
        if found.kind in (IDENTIFIER, IGNORE):
            ignored[name] = found.why or "as given"
            identifiers += [name] * (found.kind == IDENTIFIER)
            continue
        parsed = cells if isinstance(cells, Parsed) else parsed or parse(cells, found.kind, at, found.form)
        fitted.append(fit_column(name, parsed, found.form, rare, most, weight))
    if not fitted:
        left = "; ".join(f"{name}: {why}" for name, why in ignored.items())
        if not left:
            raise BadInput("there is no column to predict from, beside the target: add some to the table")
        raise BadInput(f"no column is left to predict from ({left}); choose some: --d.columns NAME=KIND")
    return TableEncoder(tuple(fitted), ignored, tuple(identifiers))


def _place(column: str, row: int) -> str:
    return f"column {column!r}, row {row} (counted from 0)"


def _of_column(name: str, where: Callable[[str, int], str]) -> Where:
    return lambda row: where(name, row)


def _length(cells: Any, name: str) -> int:
    return len(cells.values) if isinstance(cells, Parsed) else len(cells)


def _tell(column: Column, parsed: Parsed, note: Callable[[str], None]) -> None:
    """Notes the missing cells of a column, and the categories that have no feature."""
    import numpy as np

    category = column.kind == "category"
    gone = int((parsed.values < 0).sum() if category else np.isnan(parsed.values).sum())
    if gone:
        fill = f"{column.fill[0]:g}" if column.kind == "number" else "the usual value"
        if category and column.categories:
            fill = column.categories[int(column.fill[0])]
        note(f"column {column.name!r}: {_counted(gone, 'missing value')} taken as {fill}")
    if category and not column.rare:
        used = set(np.unique(parsed.values[parsed.values >= 0]).tolist())
        unseen = [name for i, name in enumerate(parsed.names) if i in used and name not in column.categories]
        if unseen:
            shown = ", ".join(unseen[:3]) + ", ..." * (len(unseen) > 3)
            note(f"column {column.name!r}: the training rows have no {shown}: taken as (other)")


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} is" if count == 1 else f"{count:,} {noun}s are"
