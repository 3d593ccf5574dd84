"""Targets in memory: classes by number or by name, sets of labels, or numbers to predict; decided by their type."""

from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import BadInput
from ..finite import check_finite
from ..tables.parse import is_missing
from ..targets import CLASSES, as_classes, as_values, counted, predict_numbers, told_classes
from .arrays import as_array, column_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["Targets", "targets_of"]

_AS_CLASSES = 'if they are classes, task="multiclass"'
_PLAIN = str | bool | int | float
_SHOWN = 8  # classes in a line


class Targets(NamedTuple):
    """Holds targets, and what they were taken for.

    Attributes:
        parts: targets of each part, training first, as a data set holds them.
        task: their task.
        classes: names of the classes or labels.
        labels: values of the classes, where they are not the numbers from 0.
        outputs: number of classes, labels or values.
        note: line for the user on what was assumed.
    """

    parts: "list[np.ndarray]"
    task: str
    classes: tuple[str, ...]
    labels: tuple[str, ...] | tuple[int, ...]
    outputs: int
    note: str


def targets_of(given: "Sequence[Any]", task: str, names: "Sequence[str]" = ()) -> Targets:
    """Decides what targets are: texts are classes, integers and booleans too, floats are numbers to predict.

    The rules for numbers are those of `--npy`; beyond them, integers that do not start at 0 are classes with these
    values, and rows of 0 and 1 with another sum than 1 are sets of labels.

    Args:
        given: targets of the training examples, and of the test examples and those for validation if there are any.
        task: task that the user gave, which decides instead; "" for none.
        names: names of the classes, by number.

    Raises:
        BadInput: if they are unsuitable; the message names the first row.

    >>> found = targets_of([["dog", "cat", "dog"]], "")
    >>> found.parts[0].tolist(), found.classes, found.task
    ([1, 0, 1], ('cat', 'dog'), 'multiclass')
    """
    where = ["y", "y of test", "y of val"][: len(given)]
    parts = [_plain(y, name) for y, name in zip(given, where, strict=True)]
    kinds = {"text" if part.dtype.kind == "U" else "number" for part in parts}
    if len(kinds) > 1:
        raise BadInput("y holds texts in one of training and test, and numbers in the other: give both alike")
    if kinds == {"text"}:
        return _texts(parts, task)
    for part, name in zip(parts, where, strict=True):
        check_finite(part, name)
    if len({part.dtype.kind == "f" for part in parts}) > 1 and not task:
        raise BadInput("y holds integers (classes) in one of training and test, floats (values) in the other: be alike")
    if task == "multilabel" or (not task and _are_label_sets(parts)):
        return _label_sets(parts, names or column_names(given[0]))
    if task == "tagging":
        return _tags(parts, names)
    if not told_classes(task, parts[0].dtype.kind):
        return _values(parts, where)
    return _classes(parts, where, task, tuple(names))


def _plain(y: Any, where: str) -> "np.ndarray":
    """Returns targets as numbers or as texts."""
    import numpy as np

    found = as_array(y, where)
    if not len(found):
        raise BadInput(f"{where} has no example: expected at least one")
    if found.ndim == 2 and found.shape[1] == 1 and hasattr(y, "columns"):
        found = found[:, 0]  # a frame of one column
    if found.dtype.kind == "O":
        found = _of_objects(found, where)
    if found.dtype.kind == "U" and found.ndim == 1:
        return found
    if found.dtype.kind not in "biuf" or found.dtype.itemsize > 8:
        raise BadInput(f"{where} holds {found.dtype} of shape {found.shape}: expected numbers, or texts (examples,)")
    return found.astype(np.uint8) if found.dtype == bool else found


def _of_objects(found: "np.ndarray", where: str) -> "np.ndarray":
    import numpy as np

    kinds = {type(each) for each in found.ravel().tolist()}
    if kinds == {str}:
        return found.astype(str)
    if kinds <= {bool, int, float}:
        return np.array(found.tolist())
    cells = found.ravel().tolist()
    row = next((i for i, each in enumerate(cells) if is_missing(each)), None)
    if row is None:
        good = str if isinstance(cells[0], str) else bool | int | float
        row = next(i for i, each in enumerate(cells) if not isinstance(each, good) or not isinstance(each, _PLAIN))
    value = cells[row]
    what = "a missing value" if is_missing(value) else f"{str(value)[:40]!r}, a {type(value).__name__}"
    row //= max(found.size // len(found), 1)
    raise BadInput(
        f"{where}, row {row} (counted from 0) is {what}: expected texts alone or numbers alone; convert such rows or "
        "leave them out"
    )


def _texts(parts: "list[np.ndarray]", task: str) -> Targets:
    import numpy as np

    if task and task in ("regression", "multilabel", "tagging"):
        raise BadInput(f'y holds texts, which are classes; task="{task}" needs numbers')
    names, counts = np.unique(np.concatenate(parts), return_counts=True)
    if len(names) < 2:
        raise BadInput(f"y holds a single class, {str(names[0])!r}: expected at least 2 classes")
    found = [np.searchsorted(names, part).astype(np.int32) for part in parts]
    labels = tuple(map(str, names))
    return _named(found, labels, labels, counts, task)


def _classes(parts: "list[np.ndarray]", where: "list[str]", task: str, names: tuple[str, ...]) -> Targets:
    import numpy as np

    joined = np.concatenate(parts) if len({part.ndim for part in parts}) == 1 else parts[0]
    if not names and joined.ndim == 1 and joined.min() != 0 and (joined == np.floor(joined)).all():
        values, counts = np.unique(joined, return_counts=True)
        labels = tuple(int(value) for value in values.tolist())
        if len(labels) < 2:
            raise BadInput(f"y holds a single class, {values.tolist()[0]}: expected at least 2 classes")
        if not task and len(labels) > max(10, len(joined) / 2):
            raise BadInput(
                f"y holds {len(labels):,} different integers in {len(joined):,} examples: to predict them as numbers, "
                f'{predict_numbers("memory")}; if they are classes, insist: task="multiclass"'
            )
        found = [np.searchsorted(values, part).astype(np.int32) for part in parts]
        return _named(found, tuple(map(str, labels)), labels, counts, task)
    cure = f"to predict numbers, {predict_numbers('memory')}"
    found = [as_classes(part, name, cure) for part, name in zip(parts, where, strict=True)]
    last = max(int(part.max()) for part in found)
    if not names and not last:
        raise BadInput(f"y holds a single class, 0: expected at least 2 classes; {cure}")
    if names and len(names) <= last:
        raise BadInput(f"classes= lists {len(names)} names, but y has class {last}, counted from 0: add the others")
    classes = names or tuple(map(str, range(max(last + 1, 2))))
    note = f"y: {counted(parts[0], found[0], predict_numbers('memory'), _AS_CLASSES)}"
    return Targets(found, _task(task, classes), classes, (), 1 if task == "binary" else len(classes), note)


def _named(
    found: "list[np.ndarray]", classes: tuple[str, ...], labels: tuple, counts: "np.ndarray", task: str
) -> Targets:
    shown = ", ".join(f"{name} ({count:,})" for name, count in list(zip(classes, counts, strict=True))[:_SHOWN])
    rest = ", ..." * (len(classes) > _SHOWN)
    outputs = 1 if task == "binary" else len(classes)
    return Targets(found, _task(task, classes), classes, labels, outputs, f"y: {len(classes)} classes, {shown}{rest}")


def _task(task: str, classes: tuple[str, ...]) -> str:
    if task == "binary" and len(classes) != 2:
        raise BadInput(f'task="binary" needs 2 classes, y has {len(classes)}: take task="multiclass"')
    return task if task in CLASSES else "multiclass"


def _values(parts: "list[np.ndarray]", where: "list[str]") -> Targets:
    found = [as_values(part, name) for part, name in zip(parts, where, strict=True)]
    note = f"y: {counted(parts[0], found[0], predict_numbers('memory'), _AS_CLASSES)}"
    return Targets(found, "regression", (), (), found[0].shape[1] if found[0].ndim > 1 else 1, note)


def _are_label_sets(parts: "list[np.ndarray]") -> bool:
    """Returns whether targets are rows of 0 and 1 of which one or more have another sum than 1."""
    if any(part.ndim != 2 or part.shape[1] < 2 or part.dtype.kind not in "iu" for part in parts):
        return False
    binary = all(((part == 0) | (part == 1)).all() for part in parts)
    return binary and any((part.sum(axis=1) != 1).any() for part in parts)


def _label_sets(parts: "list[np.ndarray]", names: "Sequence[str]") -> Targets:
    import numpy as np

    for part in parts:
        if part.ndim != 2 or not ((part == 0) | (part == 1)).all():
            raise BadInput(f"y of shape {part.shape} is no set of labels: expected 0 and 1, (examples, labels)")
    count = parts[0].shape[1]
    classes = tuple(map(str, names or range(count)))
    if len(classes) != count:
        raise BadInput(f"classes= lists {len(classes)} names for the {count} labels of y")
    sums = ", ".join(f"{name} ({int(total):,})" for name, total in list(zip(classes, parts[0].sum(0), strict=True))[:8])
    note = f'y: {count} labels of an example, {sums}{", ..." * (count > _SHOWN)}; for numbers, task="regression"'
    return Targets([part.astype(np.int32) for part in parts], "multilabel", classes, (), count, note)


def _tags(parts: "list[np.ndarray]", names: "Sequence[str]") -> Targets:
    import numpy as np

    for part in parts:
        if part.ndim != 2 or part.dtype.kind not in "iu" or part.min() < -1:
            raise BadInput(
                f'task="tagging" needs a class for each step, integers from 0 or -1 for none, (examples, time); y '
                f"holds {part.dtype} {part.shape}"
            )
    count = max(int(part.max()) for part in parts) + 1
    classes = tuple(map(str, names or range(max(count, 2))))
    if len(classes) < count:
        raise BadInput(f"classes= lists {len(classes)} names, but y has class {count - 1}: add the others")
    note = f"y: a class for each of {parts[0].shape[1]} steps, of {len(classes)}"
    return Targets([part.astype(np.int32) for part in parts], "tagging", classes, (), len(classes), note)
