"""Targets of the user's own arrays: classes or numbers to predict, with lines on which was assumed."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import BadInput

if TYPE_CHECKING:
    import numpy as np

    from .dataset import Dataset, Split

__all__ = [
    "CLASSES",
    "as_classes",
    "as_values",
    "check_targets",
    "class_notes",
    "counted",
    "other_targets",
    "predict_numbers",
    "told_classes",
]

CLASSES = ("binary", "multiclass")
"""Tasks whose targets are classes, one per example."""

_MOST = 1 << 20  # classes
_FEW = 10  # classes that any number of examples may have
_SHOWN = 8  # classes in a line


def told_classes(task: str, kind: str) -> bool:
    """Returns whether targets are classes: by the task, else if they are integers or booleans.

    Args:
        task: task that the user gave; "" for none.
        kind: kind of the numbers, as numpy's `dtype.kind`.

    >>> told_classes("", "i"), told_classes("regression", "i"), told_classes("multiclass", "f")
    (True, False, True)
    """
    return task in CLASSES or (task != "regression" and kind in "biu")


def as_classes(y: "np.ndarray", where: str, cure: str) -> "np.ndarray":
    """Returns the classes of examples, int32 (examples,): of integers, of floats that are integers, of one-hot rows.

    Args:
        y: integers, booleans or floats (examples,), or one-hot rows (examples, classes).
        where: name of the targets in errors.
        cure: how to predict them as numbers, for errors.

    Raises:
        BadInput: if they are no classes; the message names the first row that is none.

    >>> import numpy as np
    >>> as_classes(np.array([[0.0, 1.0], [1.0, 0.0]]), "y", "").tolist()
    [1, 0]
    """
    import numpy as np

    y = y.astype(np.uint8) if y.dtype == bool else y
    if _is_one_hot(y):
        return y.argmax(axis=1).astype(np.int32)
    if y.ndim != 1:
        raise BadInput(f"{where} holds {y.dtype} {y.shape}: expected classes, integers from 0 (examples,); {cure}")
    wrong = np.flatnonzero((y < 0) | (y != np.floor(y)))
    if len(wrong):
        raise BadInput(
            f"{where}, row {wrong[0]} (counted from 0) is {y[wrong[0]]}: expected classes, integers from 0; {cure}"
        )
    if int(y.max()) >= _MOST:
        raise BadInput(f"{where}: class {int(y.max()):,} is too large; number the classes from 0; {cure}")
    return y.astype(np.int32)


def as_values(y: "np.ndarray", where: str) -> "np.ndarray":
    """Returns numbers to predict, floats as stored and integers as float64, (examples,) or (examples, n).

    Raises:
        BadInput: if they have other axes.
    """
    import numpy as np

    if y.ndim not in (1, 2):
        raise BadInput(f"{where} has shape {y.shape}: expected numbers to predict, (examples,) or (examples, n)")
    return np.array(y, y.dtype.newbyteorder("=") if y.dtype.kind == "f" else np.float64)


def counted(y: "np.ndarray", found: "np.ndarray", cure: str, other: str) -> str:
    """Describes what targets were taken for, with counts or range, and the flag that takes them for the other.

    Args:
        y: targets as stored.
        found: the same as classes, int32 (examples,), or as numbers, floats.
        cure: how to predict classes as numbers.
        other: how to take numbers as classes.

    >>> import numpy as np
    >>> y = np.array([0, 1, 1], np.int32)
    >>> counted(y, y, "--task regression", "")
    '2 classes, 0 to 1 (1, 2 examples); to predict numbers instead, --task regression'
    """
    import numpy as np

    if found.dtype.kind == "i":
        classes, counts = np.unique(found, return_counts=True)
        how = " from one-hot rows" if y.ndim > 1 else ""
        gaps = f", {len(classes)} of them used" if len(classes) <= classes[-1] else ""
        examples = _listed([f"{count:,}" for count in counts])
        count = f"{classes[-1] + 1:,} class{'es' * bool(classes[-1])}"
        return f"{count}{how}, 0 to {classes[-1]:,}{gaps} ({examples} examples); to predict numbers instead, {cure}"
    columns = f"{found.shape[1]} numbers" if found.ndim > 1 and found.shape[1] > 1 else "a number"
    told = f"{columns} to predict per example, from {found.min():g} to {found.max():g}"
    return f"{told}; {other}" if _may_be_classes(found) else told


def check_targets(data: "Dataset", task: str, targets: Callable[[str], Sequence[str]]) -> None:
    """Checks that targets suit the task that was given, and that classes that were not given are no numbers.

    Args:
        data: data set; classes without names of their own are called by their numbers.
        task: task that the user gave; "" for none.
        targets: `name of a task -> kinds of targets` that it reads, its own first; empty: it reads any or none.

    Raises:
        BadInput: if the task reads targets of the other sort; or if no task was given, the classes have no names, and
            there are more of them than examples, or more than half as many in use.
    """
    import numpy as np

    read = targets(task) if task else ()
    if read and not set(targets(data.task)[:1]) & set(read):
        raise BadInput(
            f"--task {task} needs {read[0]} as targets; {data.name} is a {data.task} task. "
            f"{other_targets(data.name)}".strip()
        )
    count = len(data.classes)
    if task or count <= _FEW or data.task != "multiclass" or data.classes[-1] != str(count - 1):
        return
    y = np.concatenate([data.train.y, data.test.y])
    used = len(np.unique(y))
    if count > len(y) or (used > _FEW and used > len(y) / 2 and data.name != "stream"):  # whose length is unknown
        raise BadInput(
            f"{data.name}: the targets are integers, which are taken as classes: {count:,} classes, of which "
            f"{used:,} are used, for {len(y):,} examples. To predict them as numbers, {predict_numbers(data.name)}. "
            "If they are classes, number those in use from 0 and give them names, or insist: --task multiclass"
        )


def predict_numbers(name: str) -> str:
    """Returns the flags that predict the targets of a data set as numbers."""
    if name == "memory":
        return 'task="regression"'
    own = name.startswith("npy_") or name == "table"
    return f"--task regression{f' or --dataset {name}_values' if own else ' (Recipe.task)'}"


def other_targets(name: str) -> str:
    """Returns the sentence on the flags that take the targets of arrays for the other sort; "" for other data sets.

    >>> other_targets("npy_table_values")
    'To take y as classes: --task multiclass, or --dataset npy_table. '
    """
    if not name.startswith("npy_") and name not in ("table", "table_values"):
        return ""
    y = "y" if name.startswith("npy_") else "the target"
    if name.endswith("_values"):
        return f"To take {y} as classes: --task multiclass, or --dataset {name.removesuffix('_values')}. "
    return f"To take {y} as numbers: {predict_numbers(name)}. "


def class_notes(data: "Dataset", train: "Split", held: "Split | None" = None) -> list[str]:
    """Describes the classes that cannot be learned or are not scored: without training examples, with a single one.

    Args:
        data: data set.
        train: the examples that remain for training.
        held: validation examples.
    """
    import numpy as np

    if data.task not in CLASSES or not data.classes:
        return []
    count = len(data.classes)
    learned, *others = (np.bincount(split.y, minlength=count) for split in (train, data.test, held) if split)
    missing, lone = learned == 0, (learned == 1) & (sum(others) == 0)
    lines = []
    if missing.any():
        lines.append(f"{_named(data, missing)} no training example, so that it is never predicted correctly")
    if lone.any():
        lines.append(f"{_named(data, lone)} a single example: it is for training, no score covers this class")
    return lines


def _named(data: "Dataset", which: "np.ndarray") -> str:
    names = [name for name, chosen in zip(data.classes, which, strict=True) if chosen]
    return f"class {names[0]} has" if len(names) == 1 else f"each of the {len(names):,} classes {_listed(names)} has"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:_SHOWN]) + ", ..." * (len(words) > _SHOWN)


def _is_one_hot(y: "np.ndarray") -> bool:
    return y.ndim == 2 and y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _may_be_classes(y: "np.ndarray") -> bool:
    """Returns whether numbers look like classes: one-hot rows, or few different whole numbers from 0."""
    import numpy as np

    if y.ndim > 1:
        return _is_one_hot(y)
    used = np.unique(y)
    return bool((used >= 0).all() and (used == np.floor(used)).all() and len(used) <= max(2, len(y) // 10))
