"""Encodes one column of a table: what it keeps of the training rows, and the numbers that it makes of others."""

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from ...errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    from .parse import Parsed

__all__ = ["Column", "encode", "features", "fit_column", "from_json", "to_json"]

OTHER = "(other)"
"""Name of the feature that rare and unseen categories share."""

_DAY = 86400
_PARTS = ("days", "month", "day", "weekday", "hour")  # of a date
_SCALED = ("number", "date")
_EQUAL = 1e-9  # difference of shares that rounding of weights may make


@dataclass(frozen=True)
class Column:
    """Holds what a column keeps of the training rows.

    Attributes:
        name: name of the column.
        kind: number, yes/no, category or date.
        fill: what a missing cell counts as: the median of a number, or of each part of a date; of yes/no the more
            frequent of 0 and 1; of a category the place of the most frequent one. Rows count by their weights.
        missing: whether the training rows had missing cells, so that a feature is 1 at these.
        shift: mean of each scaled feature.
        scale: reciprocal of its standard deviation.
        categories: the categories with a feature of their own, the most frequent first, by the weights of the rows.
        rare: number of training rows whose category has none.
        parts: parts of a date.
        form: form of the dates, as `strptime` reads it, "": ISO 8601; or of numbers with a unit.
    """

    name: str
    kind: str
    fill: tuple[float, ...] = ()
    missing: bool = False
    shift: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    rare: int = 0
    parts: tuple[str, ...] = ()
    form: str = ""


def features(column: Column) -> list[str]:
    """Returns the names of the features that a column becomes.

    >>> features(Column("job", "category", (0.0,), True, categories=("clerk",)))
    ['job=clerk', 'job=(other)', 'job missing']
    """
    own = [column.name]
    if column.kind == "category":
        own = [f"{column.name}={each}" for each in (*column.categories, OTHER)]
    elif column.kind == "date":
        own = [f"{column.name} {part}" for part in column.parts]
    return [*own, f"{column.name} missing"] if column.missing else own


def fit_column(
    name: str, parsed: "Parsed", form: str, rare: int, most: int, weight: "np.ndarray | None" = None
) -> Column:
    """Fits a column to the training rows.

    Args:
        name: name of the column.
        parsed: its cells in the training rows.
        form: form of the dates.
        rare: training rows that a category needs for a feature of its own.
        most: categories that may have one.
        weight: weights of the rows (rows,), above 0; None: all count the same.
    """
    import numpy as np

    from ..normalize import fit_scaler  # it imports thread pools, which take a while

    values = parsed.values
    gone = values < 0 if parsed.kind == "category" else np.isnan(values)
    there, missing, heavy = values[~gone], bool(gone.any()), None if weight is None else weight[~gone]
    if parsed.kind == "category":
        return _fit_category(name, parsed, there, missing, rare, most, heavy)
    if parsed.kind == "yes/no":
        usual = len(there) > 0 and np.average(there, weights=heavy) > 0.5 + _EQUAL
        return Column(name, parsed.kind, (float(usual),), missing)
    parts = _used_parts(there) if parsed.kind == "date" else ()
    numbers = _parts_of(there, parts) if parts else there[:, None]
    fill = _medians(numbers, heavy) if len(there) else np.zeros(numbers.shape[1])
    every = _parts_of(values, parts) if parts else values[:, None]
    scaler = fit_scaler(np.where(np.isnan(every), fill, every), "standard", weight=weight)
    shift, scale = (tuple(map(float, part)) for part in scaler)
    return Column(name, parsed.kind, tuple(map(float, fill)), missing, shift, scale, parts=parts, form=form)


def encode(column: Column, parsed: "Parsed", out: "np.ndarray") -> None:
    """Writes the features of a column into an array of zeros, float32 (rows, features).

    Args:
        column: fitted column.
        parsed: its cells, of the column's kind.
        out: array to fill.

    Raises:
        BadInput: if a number lies so far from those of the training that it leaves float32.
    """
    import numpy as np

    from ..normalize import Scaler

    values = parsed.values
    gone = values < 0 if column.kind == "category" else np.isnan(values)
    if column.kind == "category":
        known = {name: i for i, name in enumerate(column.categories)}
        places = np.array([*(known.get(name, len(known)) for name in parsed.names), int(column.fill[0])])[values]
        out[np.arange(len(values)), places] = 1
    elif column.kind == "yes/no":
        out[:, 0] = np.where(gone, column.fill[0], values)
    else:
        numbers = _parts_of(values, column.parts) if column.parts else values[:, None]
        scaler = Scaler(np.array(column.shift), np.array(column.scale))
        try:
            out[:, : numbers.shape[1]] = scaler.apply(np.where(np.isnan(numbers), np.array(column.fill), numbers))
        except BadInput as error:
            raise BadInput(f"column {column.name!r}: {str(error).partition(': ')[2]}") from None
    if column.missing:
        out[:, -1] = gone


def to_json(column: Column) -> dict[str, Any]:
    """Returns a column as plain JSON values, without those that are empty."""
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(column).items()}
    return {name: value for name, value in plain.items() if value not in ([], "", False, 0)}


def from_json(values: Any) -> Column:
    """Builds a column from the values of `to_json`.

    Raises:
        ValueError: if they describe no column; the message names the wrong one.
    """
    if not isinstance(values, dict) or not all(isinstance(values.get(each), str) for each in ("name", "kind")):
        raise ValueError(f"a column must have a name and a kind, got {str(values)[:60]}")
    kinds = {each.name: type(each.default) for each in fields(Column)} | {"name": str, "kind": str}
    for name, value in values.items():
        if name not in kinds or type(value) is not (list if kinds[name] is tuple else kinds[name]):
            raise ValueError(f"{name!r} of the column {values['name']!r} has the value {str(value)[:60]}")
    given: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in values.items()}
    found = Column(**given)
    numbers = len(found.parts) if found.kind == "date" else int(found.kind == "number")
    sizes = {
        "shift": (found.shift, numbers),
        "scale": (found.scale, numbers),
        "fill": (found.fill, max(1, numbers)),
    }
    for name, (value, size) in sizes.items():
        if len(value) != size or not all(type(each) in (int, float) and abs(each) < 1e300 for each in value):
            raise ValueError(f"{name!r} of the column {found.name!r} must be {size} finite numbers, got {value!r:.60}")
    texts = (*found.categories, *found.parts)
    if not all(isinstance(each, str) for each in texts) or not set(found.parts) <= set(_PARTS):
        raise ValueError(f"the column {found.name!r} has categories or parts that are none: {str(texts)[:60]}")
    if found.kind not in ("number", "yes/no", "category", "date"):
        raise ValueError(f"the column {found.name!r} has the unknown kind {found.kind!r}")
    if found.kind == "category" and not 0 <= found.fill[0] <= len(found.categories):
        raise ValueError(f"'fill' of the column {found.name!r} must be the place of a category, got {found.fill[0]}")
    return found


def _medians(numbers: "np.ndarray", weight: "np.ndarray | None") -> "np.ndarray":
    """Computes the median of each column, of as many copies of a row as its weight if these are whole numbers."""
    import numpy as np

    if weight is None:
        return np.median(numbers, axis=0)
    found = []
    for column in numbers.T:
        order = np.argsort(column)
        below = np.cumsum(weight[order])
        ends = np.searchsorted(below / below[-1], (0.5 - _EQUAL, 0.5 + _EQUAL))
        found.append(column[order[ends]].mean())
    return np.array(found)


def _fit_category(
    name: str,
    parsed: "Parsed",
    there: "np.ndarray",
    missing: bool,
    rare: int,
    most: int,
    weight: "np.ndarray | None",
) -> Column:
    import numpy as np

    counts = np.bincount(there, minlength=len(parsed.names))
    shares = None if weight is None else weight / weight.max(initial=1e-300)  # of no rows there is no largest
    heavy = np.bincount(there, shares, len(parsed.names)).round(9)
    least = max(1, min(rare, len(parsed.values) // 100))
    order = sorted(np.flatnonzero(counts >= least).tolist(), key=lambda i: (-heavy[i], parsed.names[i]))[:most]
    categories = tuple(parsed.names[i] for i in order)
    kept = int(counts[order].sum()) if order else 0
    return Column(name, "category", (0.0,), missing, categories=categories, rare=len(there) - kept)


def _used_parts(seconds: "np.ndarray") -> tuple[str, ...]:
    """Returns the parts of dates that differ between the training rows; the days at least."""
    numbers = _parts_of(seconds, _PARTS)
    return tuple(
        part for i, part in enumerate(_PARTS) if not i or (len(numbers) and numbers[:, i].min() < numbers[:, i].max())
    )


def _parts_of(seconds: "np.ndarray", parts: tuple[str, ...]) -> "np.ndarray":
    """Computes parts of dates, float64 (rows, parts), NaN where missing.

    `days` since 1970 with the fraction of the day, `month` 1 to 12, `day` 1 to 31, `weekday` from Monday 0, `hour` of
    the day with its fraction.
    """
    import numpy as np

    gone = np.isnan(seconds)
    known = np.where(gone, 0, seconds)
    whole = np.floor(known / _DAY)
    days = whole.astype("int64").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    found = {
        "days": known / _DAY,
        "month": months.astype("int64") % 12 + 1,
        "day": (days - months).astype("int64") + 1,
        "weekday": (whole.astype("int64") + 3) % 7,
        "hour": (known - whole * _DAY) / 3600,
    }
    return np.stack([np.where(gone, np.nan, found[part]) for part in parts], axis=1)
