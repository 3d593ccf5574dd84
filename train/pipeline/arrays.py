"""Data in memory to train on: `run(recipe, data=(X, y), test=(X_test, y_test))`; `zoo.fit` is its short form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from ..config.recipe import Recipe, book
from ..data.array_kinds import KINDS, describe_examples
from ..data.dataset import Dataset, Kind, Source, Split
from ..data.finite import check_finite
from ..data.memory.arrays import as_numbers, cells_of, column_names, in_order, is_frame, is_numeric
from ..data.memory.frames import encoded
from ..data.memory.labels import Targets, targets_of
from ..data.split import train_val_split
from ..errors import BadInput
from .stream import OpenStream, Stream
from .weights import check_weights, with_weights

__all__ = ["GivenArrays", "OpenArrays", "Opened", "given_arrays", "open_given"]

_SEED = 0  # of the split into training and test examples, as that of `--npy`: the seed of a run does not change it


@dataclass(frozen=True)
class OpenArrays:
    """Data in memory as the parts of a run read them.

    Attributes:
        kind: kind of the examples.
        data: the data set.
        recipe: recipe of the run.
    """

    kind: Source
    data: Dataset
    recipe: Recipe
    folderless: ClassVar[bool] = True


Opened = OpenStream | OpenArrays
"""Data that the caller of a run gave."""


@dataclass(frozen=True)
class GivenArrays:
    """Examples and targets in memory: arrays, lists, or frames of numbers.

    Attributes:
        x: examples: rows of a table (n, features), sequences (n, time, features), images (n, height, width) or (n,
            height, width, channels).
        y: targets (n,) or (n, outputs); None for a model that learns without any.
        test: test examples `(x, y)` or `(x, y, weight)`, or the share that is held out; 0 scores the training examples.
        val: validation examples `(x, y)` or `(x, y, weight)`.
        classes: names of the classes, by number.
        column_kinds: kinds of the columns of a frame by name, which overrule those that are found: number, category,
            yes/no, date, identifier, ignore. Columns of text, or with missing values, are encoded as those of a CSV
            table.
        weight: weight of each example (n,), as that of `Split`; None: all count the same.
    """

    x: Any
    y: Any = None
    test: Any = 0.2
    val: Any = None
    classes: Sequence[str] = ()
    column_kinds: Mapping[str, str] = field(default_factory=dict)
    weight: Any = None

    def described(self, model: str, task: str) -> tuple[Source, Dataset]:
        """Decides what the arrays hold, by their axes and types, the kinds of data of a model, and the task.

        Args:
            model: name of the model.
            task: task that the user or the recipe gave; "" for none.

        Raises:
            BadInput: if the arrays are unsuitable or contradict each other.
        """
        given = [(self.x, self.y, self.weight), *([] if _is_share(self.test) else [_parts(self.test, "test")])]
        given += [] if self.val is None else [_parts(self.val, "val")]
        pairs = [(x, y) for x, y, _ in given]
        names = ["X", *([] if _is_share(self.test) else ["X of test"]), *([] if self.val is None else ["X of val"])]
        kinds, features = book(model).kinds, column_names(self.x)
        table = bool(features) and (bool(self.column_kinds) or not all(is_numeric(x) for x, _ in pairs if is_frame(x)))
        if table:  # places of the rows, which are encoded once it is known which are for training
            xs = [
                np.arange(len(in_order(x, features, name)))[:, None] for (x, _), name in zip(pairs, names, strict=True)
            ]
        else:
            xs = [_examples(x, name, kinds, features) for (x, _), name in zip(pairs, names, strict=True)]
        targets = _unlabelled(xs, model) if self.y is None else targets_of([y for _, y in pairs], task, self.classes)
        parts = [Split(*pair) for pair in zip(xs, targets.parts, strict=True)]
        _check_alike(parts, names)
        parts = _weighted(parts, [weight for _, _, weight in given], names)
        notes = (f"X: {describe_examples(xs[0].shape, xs[0].ndim == 4 and np.ndim(self.x) == 3)}", targets.note)
        train, test, more = self._split(parts)
        kind = Source(
            "memory", "arrays in memory", _kind(xs[0], kinds), targets.task, (),
            targets.outputs, lambda place: data,
        )  # fmt: skip
        data = Dataset(
            "memory", targets.task, train, test, targets.classes, features if xs[0].ndim == 2 else (),
            target="" if targets.classes else _name(self.y), outputs=targets.outputs, labels=targets.labels,
            val=None if self.val is None else parts[-1], held_out=self.test != 0 if _is_share(self.test) else True,
            notes=(*notes, *more),
        )  # fmt: skip
        if table:
            data = encoded(data, [cells_of(x) for x, _ in pairs], self.column_kinds)
        return kind, data

    def opened(self, recipe: Recipe) -> OpenArrays:
        """Returns the data with the recipe that is trained on them; further errors as in `described`."""
        kind, data = self.described(recipe.model, recipe.task)
        return OpenArrays(kind, data, replace(recipe, dataset=kind.name, d={}, expect=None))

    def _split(self, parts: list[Split]) -> tuple[Split, Split, tuple[str, ...]]:
        """Returns training and test examples, and a line on how they were chosen."""
        if not _is_share(self.test):
            return parts[0], parts[1], ()
        if not self.test:
            return parts[0], parts[0], ("scores are those of the training examples: none is held out (test=0)",)
        if len(parts[0].x) < 2:
            raise BadInput("X has 1 example: give more, or test examples of their own, test=(X_test, y_test)")
        train, test = train_val_split(parts[0], self.test, _SEED)
        drawn = "stratified by class" if parts[0].y.dtype.kind in "iu" and parts[0].y.ndim == 1 else "drawn by chance"
        return train, test, (f"test: {len(test.x):,} of {len(parts[0].x):,} examples are held out, {drawn}",)


def open_given(recipe: Recipe, stream: Stream | None, data: Any, test: Any) -> Opened | None:
    """Returns the data that the caller of a run gave, as its parts read them; None: they are those of the recipe.

    Args:
        recipe: recipe of the run.
        stream: batches to train on.
        data: `(X, y)`, X alone, or data that are open already.
        test: test examples or their share.

    Raises:
        BadInput: if both are given, or they are unsuitable.
    """
    if stream is not None and data is not None:
        raise BadInput("run: give either stream= or data=, not both")
    if stream is not None:
        return stream.opened(recipe)
    if data is None or isinstance(data, OpenArrays | OpenStream):
        return data
    return given_arrays(data, test).opened(recipe)


def given_arrays(data: Any, test: Any = 0.2, val: Any = None, classes: Sequence[str] = ()) -> GivenArrays:
    """Returns the data that a caller gave as `(X, y)`, `(X, y, sample_weight)`, or as X alone.

    Raises:
        BadInput: if they are something else.
    """
    if isinstance(data, GivenArrays):
        return data
    x, y, weight = _parts(data, "data") if isinstance(data, tuple) else (data, None, None)
    return GivenArrays(x, y, test, val, classes, weight=weight)


def _is_share(test: Any) -> bool:
    """Returns whether the test examples are given as a share.

    Raises:
        BadInput: if it is none between 0 and 1.
    """
    if isinstance(test, bool) or not isinstance(test, int | float | np.number):
        return False
    if not 0 <= test < 1:
        raise BadInput(f"test={test} must be a share of the examples from 0 to below 1, or test=(X_test, y_test)")
    return True


def _parts(given: Any, name: str) -> tuple[Any, Any, Any]:
    """Returns inputs, targets and weights, which are None if they are not given."""
    if isinstance(given, tuple | list) and len(given) in (2, 3):
        return given[0], given[1], given[2] if len(given) == 3 else None
    raise BadInput(
        f"{name}= must be a pair of inputs and targets, (X, y), or (X, y, sample_weight), got {type(given).__name__}"
    )


def _weighted(parts: list[Split], weights: list[Any], names: list[str]) -> list[Split]:
    """Returns parts with the weights of their examples; where only some parts have any, those of the others are 1."""
    if all(weight is None for weight in weights):
        return parts
    found = []
    for part, given, name in zip(parts, weights, names, strict=True):
        where = f"sample_weight{name[1:]}"
        weight = np.ones(len(part.x)) if given is None else as_numbers(given, where)
        check_weights(weight, len(part.x), where)
        found.append(with_weights(part, weight))
    return found


def _examples(x: Any, where: str, kinds: tuple[str, ...], features: tuple[str, ...]) -> np.ndarray:
    """Returns examples with all axes that their kind has."""
    found = as_numbers(in_order(x, features, where) if is_frame(x) and features else x, where)
    if found.ndim == 3 and _is_images(found, kinds):
        found = found[..., None]
    if found.ndim not in KINDS:
        cure = "; a single column is X[:, None]" if found.ndim == 1 else ""
        raise BadInput(
            f"{where} has shape {found.shape}: expected (examples, features), (examples, time, features) or (examples, "
            f"height, width, channels){cure}"
        )
    check_finite(found, where)
    return found


def _is_images(x: np.ndarray, kinds: tuple[str, ...]) -> bool:
    """Returns whether examples are images: with three axes only if the model reads images and no sequences."""
    return x.ndim == 4 or (x.ndim == 3 and "image" in kinds and "sequence" not in kinds)


def _check_alike(parts: list[Split], names: list[str]) -> None:
    for (x, y, *_), name in zip(parts, names, strict=True):
        if len(x) != len(y):
            raise BadInput(f"{name} has {len(x):,} examples, its y {len(y):,}: the numbers must be equal")
        if x.shape[1:] != parts[0].x.shape[1:] or y.shape[1:] != parts[0].y.shape[1:]:
            raise BadInput(
                f"{name} has examples of shape {x.shape[1:]} and targets of shape {y.shape[1:]}, X those of shape "
                f"{parts[0].x.shape[1:]} and {parts[0].y.shape[1:]}: they must be alike"
            )


def _kind(x: np.ndarray, kinds: tuple[str, ...]) -> Kind:
    """Returns the kind of examples; rows of two numbers are points for a model that reads points and no tables."""
    return "points" if x.shape[1:] == (2,) and "table" not in kinds and "points" in kinds else KINDS[x.ndim]


def _unlabelled(xs: list[np.ndarray], model: str) -> Targets:
    """Returns targets that nothing reads, for a model that learns without any.

    Raises:
        BadInput: if the model learns from targets.
    """
    recipes = book(model).recipes
    if recipes and not any(each.task or each.trainer == "adversarial" for each in recipes):
        raise BadInput(f"y is missing: {model} learns from inputs and targets, (X, y)")
    parts, note = [np.zeros(len(x), np.int32) for x in xs], "y: none, the model learns from X alone"
    if any(each.task for each in recipes):
        return Targets(parts, "generation", (), (), 1, note)
    return Targets(parts, "multiclass", ("all",), (), 1, note)


def _name(y: Any) -> str:
    """Returns the name of a column of a frame, else y."""
    name = getattr(y, "name", None) or next(iter(column_names(y)), None)
    return str(name) if isinstance(name, str) and name else "y"
