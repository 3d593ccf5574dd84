"""Targets of a table: classes by name, numbers to predict, labels that are yes or no, or none at all."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ...errors import BadInput
from ..targets import told_classes
from .cells import blocks_of
from .parse import NO, YES, Parsed, categories, is_missing, parse, parse_numbers, text_of
from .units import amount, form_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MEANINGS", "Meaning", "Target", "guess", "no_target", "read_target", "task_and_outputs"]

Meaning = Literal["classes", "values", "labels", "none"]
"""What target columns hold."""

MEANINGS: Mapping[str, Meaning] = {
    "table": "classes",
    "table_values": "values",
    "table_labels": "labels",
    "table_rows": "none",
}
"""What the target columns of each data set of tables hold."""

_FEW = 10  # whole numbers that are taken as classes
_EACH = 5  # rows of each of them, on average
_MOST = 1 << 12  # classes
_SHOWN = 8
_AS_VALUES = "to predict numbers instead, --task regression"


class Target(NamedTuple):
    """Holds the targets of a table.

    Attributes:
        y: int32 classes (rows,), float64 numbers (rows,) or (rows, n), or int32 labels (rows, n).
        there: whether a row has all its targets (rows,).
        classes: names of the classes or labels; empty for numbers.
        note: line for the user on what the targets were taken for.
        blanks: texts of the missing targets, but for empty ones.
    """

    y: "np.ndarray"
    there: "np.ndarray"
    classes: tuple[str, ...]
    note: str
    blanks: tuple[str, ...] = ()


def no_target(rows: int) -> Target:
    """Returns targets that nothing reads, for models that learn from the rows alone."""
    import numpy as np

    return Target(np.zeros(rows, np.int32), np.ones(rows, bool), (), "none, all columns are read (--target names one)")


def task_and_outputs(target: Target, meaning: Meaning) -> tuple[str, int]:
    """Returns the task that targets set, and its number of outputs."""
    if meaning == "none":
        return "generation", 1
    if meaning == "labels":
        return "multilabel", target.y.shape[1]
    if not target.classes:
        return "regression", 1 if target.y.ndim == 1 else target.y.shape[1]
    return ("binary", 1) if len(target.classes) == 2 else ("multiclass", len(target.classes))


def guess(columns: Mapping[str, Sequence], task: str = "") -> Meaning:
    """Returns what target columns are taken for: by the task, else by their cells.

    Args:
        columns: cells of the target columns by name, all or the first.
        task: task that the user gave; "" for none.

    Raises:
        BadInput: if several columns are neither all numbers nor all yes and no.

    >>> guess({"price": ["1.5", "2"]}), guess({"loan": ["yes", "no"]}), guess({"a": ["1", "0"], "b": ["0", "0"]})
    ('values', 'classes', 'labels')
    """
    if task in ("regression", "multilabel"):
        return "values" if task == "regression" else "labels"
    if told_classes(task, "f"):
        return "classes"
    if len(columns) == 1:
        return "classes" if _are_classes(*columns.values()) else "values"
    if all(_is_yes_or_no(cells) for cells in columns.values()):
        return "labels"
    for name, cells in columns.items():
        _, wrong = parse_numbers(cells)
        if wrong is not None:
            raise BadInput(
                f"--d.target: {len(columns)} columns are numbers to predict or yes and no, but {name!r} holds "
                f"{text_of(cells[wrong])!r}: name one column of classes"
            )
    return "values"


def read_target(
    columns: Mapping[str, Sequence],
    meaning: Meaning,
    where: Callable[[str, int], str],
    classes: Sequence[str] = (),
) -> Target:
    """Reads target columns.

    Args:
        columns: their cells by name.
        meaning: what they hold.
        where: `column, row -> place` of a cell in errors.
        classes: names of the classes, in their order, if a model is to be scored; else they are found.

    Raises:
        BadInput: if a cell is none of what is expected, or there is a single class, or nearly as many as rows.
    """
    import numpy as np

    names = list(columns)
    if meaning == "classes":
        if len(names) > 1:
            raise BadInput(f"--d.target: classes stand in one column, got {', '.join(names)}; choose one of them")
        found = categories(columns[names[0]])
        blanks = _blanks(columns[names[0]])
        return _classes(names[0], found, classes, lambda row: where(names[0], row), blanks)._replace(blanks=blanks)
    kind = "number" if meaning == "values" else "yes/no"
    parts = [parse(columns[name], kind, _of(where, name)).values for name in names]
    y = np.stack(parts, axis=1)
    there = np.asarray(~np.isnan(y).any(axis=1))
    if not there.any():
        raise BadInput(f"{where(names[0], 0).partition(', line')[0]}: no row has a value in {', '.join(names)}")
    if meaning == "labels":
        shares = ", ".join(
            f"{name} ({100 * share:.3g} % yes)" for name, share in zip(names, y[there].mean(0), strict=True)
        )
        y = np.where(there[:, None], y, 0).astype(np.int32)
        return Target(y, there, tuple(names), f"{len(names)} labels, yes or no: {shares}; {_AS_VALUES}")
    low, high = y[there].min(), y[there].max()
    what = "a number" if len(names) == 1 else f"{len(names)} numbers"
    note = f"{what} to predict, from {low:g} to {high:g}"
    if len(names) == 1 and len(np.unique(y[there])) <= max(_FEW, len(y) // 10):
        note += "; if they are classes, --task multiclass"
    return Target(y[:, 0] if len(names) == 1 else y, there, (), note)


def _blanks(cells: Sequence) -> tuple[str, ...]:
    different = {cell for block in blocks_of(cells) for cell in block}
    return tuple(sorted({text_of(cell) for cell in different if is_missing(cell)} - {""}))


def _classes(
    name: str, found: Parsed, known: Sequence[str], where: Callable[[int], str], blanks: Sequence[str]
) -> Target:
    import numpy as np

    names = list(known) or _in_order(found.names)
    if known:
        unseen = next((i for i, each in enumerate(found.names) if each not in known), None)
        if unseen is not None:
            row = int((found.values == unseen).argmax())
            shown = ", ".join(known[:20]) + ", ..." * (len(known) > 20)
            raise BadInput(f"{where(row)}: {found.names[unseen]!r} is not among the classes of the training: {shown}")
    there, rows = found.values >= 0, int((found.values >= 0).sum())
    if not known and len(names) < 2:
        what = f"{names[0]!r} in every row" if names else "empty"
        stand = f" ({', '.join(blanks)} stand for missing values; rename those that are classes)" if blanks else ""
        raise BadInput(f"the target {name!r} is {what}{stand}: there is nothing to predict")
    if not known and (len(names) > _MOST or (len(names) > 2 * _FEW and len(names) > rows / 2)):
        raise BadInput(
            f"the target {name!r} has {len(names):,} different values in {rows:,} rows, which are no classes: "
            "choose another column, or predict numbers, --task regression"
        )
    places = {each: i for i, each in enumerate(names)}
    y = np.array([*(places[each] for each in found.names), 0], np.int32)[found.values]
    counts = np.bincount(y[there], minlength=len(names))
    shown = ", ".join(f"{each} ({count:,})" for each, count in list(zip(names, counts, strict=True))[:_SHOWN])
    note = f"{len(names)} classes: {shown}{', ...' * (len(names) > _SHOWN)}"
    numbers = all(map(_is_numeral, names))
    return Target(y, there, tuple(names), f"{note}; {_AS_VALUES}" if numbers else note)


def _in_order(names: Sequence[str]) -> list[str]:
    """Returns the names of classes in order: no before yes, numbers by their size, texts by the alphabet."""
    words = [name.lower() for name in names]
    if len(names) == 2 and sum(word in YES for word in words) == sum(word in NO for word in words) == 1:
        return sorted(names, key=lambda name: name.lower() in YES)
    return sorted(names, key=float) if all(map(_is_numeral, names)) else sorted(names)


def _is_numeral(text: str) -> bool:
    return parse_numbers([text])[1] is None and not is_missing(text)


def _are_classes(cells: Sequence) -> bool:
    """Returns whether cells are taken as classes: texts, yes and no, or few whole numbers that often recur."""
    import math

    texts = [text_of(cell) for cell in cells if not is_missing(cell)]
    different = _amounts(dict.fromkeys(texts))
    if not all(map(_is_numeral, different)):
        return True
    whole = all(math.floor(float(text)) == float(text) for text in different)
    return whole and (len(different) <= 2 or len(different) <= min(_FEW, len(texts) / _EACH))


def _amounts(texts: Collection[str]) -> Collection[str]:
    """Returns numbers with a unit without it; other texts as they are."""
    try:
        form = form_of(list(texts))
    except ValueError:
        return texts
    return dict.fromkeys(str(amount(text, form)) for text in texts) if form else texts


def _is_yes_or_no(cells: Sequence) -> bool:
    return all(is_missing(cell) or text_of(cell).lower() in YES | NO for cell in cells)


def _of(where: Callable[[str, int], str], name: str) -> Callable[[int], Any]:
    return lambda row: where(name, row)
