"""Batches from a loader of the user: `run(recipe, options, stream=Stream(train=loader, ...))`.

The protocol is that of grain's iterators, which can be used directly: `iter(train)` returns an object with `__next__`,
`get_state` and `set_state`. A checkpoint keeps the state behind the last batch that was trained on, not behind those
that were read ahead.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np

from ..config.recipe import Recipe, check_compatible
from ..data.array_kinds import KINDS, describe_examples
from ..data.dataset import Dataset, Source, Split
from ..data.finite import check_finite
from ..data.targets import as_values, counted, predict_numbers, told_classes
from ..errors import BadInput
from ..runtime.processes import allgather_json, allgather_rows
from .given_batches import with_state

__all__ = ["Batches", "OpenStream", "Stream", "arrays_of", "check_labels", "decode_state", "encode_state"]

_AS_CLASSES = "if they are classes, give integers, as y.astype(int) or y.argmax(axis=1)"
_CLASSES = 1 << 20  # largest number of classes without names
_PEEK = 1024  # examples that determine shapes and scales, of all processes together


@runtime_checkable
class Batches(Protocol):
    """Interface of an iterator with a state."""

    def __next__(self) -> Mapping[str, Any]:
        """Returns the next batch: `x` and `y`, numpy arrays with the examples along the first axis."""
        ...

    def get_state(self) -> Any:
        """Returns the position: bytes, or plain JSON values."""

    def set_state(self, state: Any) -> None:
        """Moves to a position."""


@dataclass(frozen=True)
class Stream:
    """Batches to train on, and arrays to evaluate on.

    Args:
        train: Iterable of batches `{"x": (batch, ...), "y": (batch,) or (batch, n)}`, or pairs `(x, y)`, of one shape:
            a list, or an iterator, which is endless or can be iterated anew. To resume a run it must be a list or have
            `get_state` and `set_state`. Each of several processes reads its own part.
        test: `{"x", "y"}`, all examples to evaluate on.
        steps_per_epoch: Number of batches that count as an epoch.
        classes: Names of the classes; by default the integers of y, as many as in `test`.
        val: Validation examples, as `test` (`patience`, `best`).

    Shapes and the scale of the normalisation are taken from the first batches, about a thousand examples; then the
    iterator is reset. Integers in y mean classification, other numbers regression, unless the recipe has the task
    regression; x with two, three or four axes is a table, a sequence or an image.
    """

    train: Iterable
    test: Mapping[str, Any]
    steps_per_epoch: int
    classes: tuple[str, ...] = ()
    val: Mapping[str, Any] | None = None

    def opened(self, recipe: Recipe) -> "OpenStream":
        """Opens the iterator and describes its batches.

        Raises:
            BadInput: If the iterator or its batches are unsuitable, or the recipe cannot train on a stream.
        """
        batches = with_state(self.train)
        first = _peeked(batches)
        size, val = len(first[0]["x"]), None if self.val is None else _split(self.val, "val")
        _check(recipe, self, val)
        train = _seen_by_all(Split(*(np.concatenate([batch[name] for batch in first]) for name in "xy")), size)
        kind, data = self._described(train, _split(self.test, "test"), recipe.task)
        if val is not None and (val.x.shape[1:], val.y.shape[1:]) != (train.x.shape[1:], train.y.shape[1:]):
            raise BadInput(
                f"Stream(val=...): x {val.x.shape[1:]} and y {val.y.shape[1:]} an example, expected those of the "
                f"batches, {train.x.shape[1:]} and {train.y.shape[1:]}"
            )
        if data.classes and val is not None:
            check_labels(val.y, len(data.classes), "Stream(val=...)")
        check_compatible(recipe.model, kind)
        recipe = replace(recipe, dataset="stream", batch_size=size * jax.process_count(), d={}, expect=None)
        return OpenStream(batches, first[0], recipe, kind, data, val, self.steps_per_epoch)

    def _described(self, train: Split, test: Split, told: str) -> tuple[Source, Dataset]:
        if train.x.ndim not in KINDS or train.x.shape[1:] != test.x.shape[1:] or train.y.shape[1:] != test.y.shape[1:]:
            raise BadInput(
                f"Stream: batches have x {train.x.shape[1:]} and y {train.y.shape[1:]} an example, test has "
                f"{test.x.shape[1:]} and {test.y.shape[1:]}: expected the same, and (features,), (time, features) or "
                "(height, width, channels)"
            )
        classes = self._classes(train, test, told)
        outputs = len(classes) if classes else int(np.prod(train.y.shape[1:]))
        found = test.y.astype(np.int32) if classes else as_values(test.y, "Stream(test=...): y")
        notes = (
            f"Stream, x: {describe_examples(test.x.shape)}",
            f"Stream, y of test: {counted(test.y, found, predict_numbers('stream'), _AS_CLASSES)}",
        )
        task = "multiclass" if classes else "regression"
        kind = Source("stream", "", KINDS[train.x.ndim], task, train.x.shape[1:], outputs, lambda place: data)
        target = "" if classes else "y"
        data = Dataset("stream", task, train, test, classes, target=target, outputs=outputs, notes=notes)
        return kind, data

    def _classes(self, train: Split, test: Split, told: str) -> tuple[str, ...]:
        """Returns the names of the classes; none if y holds numbers to predict."""
        if not self.classes and not told_classes(told, train.y.dtype.kind):
            return ()
        highest = max(int(test.y.max()), int(train.y.max())) + 1
        if highest > _CLASSES and not self.classes:
            raise BadInput(
                f"Stream: y has class {highest - 1:,}, too large for a class: number the classes from 0; to predict "
                f"numbers, {predict_numbers('stream')}"
            )
        classes = self.classes or tuple(map(str, range(max(highest, 2))))
        check_labels(train.y, len(classes), "a batch of Stream(train=...)")
        check_labels(test.y, len(classes), "Stream(test=...)")
        return classes


@dataclass(frozen=True)
class OpenStream:
    """An open stream.

    Attributes:
        batches: Iterator of the batches.
        example: First batch.
        recipe: Recipe with the batch size of the stream.
        kind: Kind of the examples.
        data: Data set whose `train` holds the first batches.
        val: Validation examples.
        steps_per_epoch: Number of batches that count as an epoch.
        folderless: Whether the run needs no folder.
    """

    batches: Batches
    example: Mapping[str, np.ndarray]
    recipe: Recipe
    kind: Source
    data: Dataset
    val: Split | None
    steps_per_epoch: int
    folderless: bool = False


def encode_state(state: Any) -> Any:
    """Encodes a state as plain JSON values.

    >>> decode_state(encode_state(b"here")), encode_state({"next": 3})
    (b'here', {'next': 3})
    """
    if isinstance(state, bytes):
        return {"base64": base64.b64encode(state).decode()}
    try:
        return json.loads(json.dumps(state))
    except (TypeError, ValueError) as error:
        raise BadInput(f"Stream: get_state() must give bytes or plain JSON values, got {state!r}: {error}") from error


def decode_state(state: Any) -> Any:
    """Decodes a state of `encode_state`."""
    return base64.b64decode(state["base64"]) if isinstance(state, dict) and list(state) == ["base64"] else state


def arrays_of(batch: Any, where: str) -> dict[str, np.ndarray]:
    """Returns the arrays of a batch.

    Args:
        batch: Mapping with `x` and `y`, or the pair of them.
        where: Name of the batch in messages.

    Raises:
        BadInput: If an array is missing or holds no numbers, they have different numbers of examples, or a number is
            not finite.
    """
    if isinstance(batch, tuple | list) and len(batch) == 2:
        batch = {"x": batch[0], "y": batch[1]}
    if not isinstance(batch, Mapping) or not {"x", "y"} <= set(batch):
        got = ", ".join(map(str, batch)) if isinstance(batch, Mapping) else type(batch).__name__
        raise BadInput(f'{where} must be {{"x": array, "y": array}}, got {got}')
    arrays = {name: np.asarray(batch[name]) for name in ("x", "y")}
    if arrays["y"].dtype == bool:
        arrays["y"] = arrays["y"].astype(np.int32)
    for name, each in arrays.items():
        if each.dtype.kind not in "biuf" or each.dtype.itemsize > 8:
            raise BadInput(
                f"{where}: {name} holds {each.dtype}, expected numbers: booleans, integers or floats of at most 64 bits"
            )
    x, y = arrays["x"], arrays["y"]
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise BadInput(f"{where}: x {x.shape} and y {y.shape} must have as many examples, at least one")
    for name, each in arrays.items():
        check_finite(each, f"{where}: {name}")
    return arrays


def check_labels(y: np.ndarray, classes: int, where: str) -> None:
    """Checks that labels are classes: an index outside them would be trained as the nearest class.

    Args:
        y: Labels (batch,).
        classes: Number of classes.
        where: Name of the batch in messages.

    Raises:
        BadInput: If one is not an integer from 0 to `classes` - 1; the message names its row.
    """
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise BadInput(
            f"{where}: y holds {y.dtype} {y.shape}, expected classes, integers from 0 to {classes - 1} (examples,): "
            "y.astype(int) of whole numbers, y.argmax(axis=1) of one-hot rows, y.ravel() of a column"
        )
    wrong = np.argwhere((y < 0) | (y >= classes))
    if len(wrong):
        raise BadInput(
            f"{where}, row {wrong[0][0]}: y has class {y[tuple(wrong[0])]}, expected 0 to {classes - 1}; count classes "
            "from 0, or name all of them: Stream(classes=...)"
        )


def _peeked(batches: Batches) -> list[dict[str, np.ndarray]]:
    state, found, seen = batches.get_state(), [], 0
    while seen < _PEEK:
        try:
            found.append(arrays_of(next(batches), "a batch of Stream(train=...)"))
        except StopIteration:
            break
        seen += len(found[-1]["x"])
    if not found:
        raise BadInput("Stream(train=...) has no batch")
    batches.set_state(state)
    return found


def _seen_by_all(own: Split, size: int) -> Split:
    """Returns the first examples of all processes, so that scales and classes are equal in all.

    Raises:
        BadInput: If the batches of the processes have different shapes or types.
    """
    if jax.process_count() == 1:
        return own
    rows = min(len(own.x), -(-_PEEK // jax.process_count()))
    kinds = [[str(each.dtype), list(each.shape[1:])] for each in (own.x, own.y)]
    all_kinds = allgather_json([size, rows, *kinds])
    if any(each != all_kinds[0] for each in all_kinds):
        each = "; ".join(f"process {i}: {size} examples, x {x}, y {y}" for i, (size, _, x, y) in enumerate(all_kinds))
        raise BadInput(f"Stream: the batches of the processes must be alike, each an equal part. There are {each}")
    return Split(*(_gathered(each[:rows]) for each in (own.x, own.y)))


def _gathered(rows: np.ndarray) -> np.ndarray:
    """Gathers rows of all processes as bytes, since jax would narrow 64 bits."""
    together = allgather_rows(np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8))
    return together.view(rows.dtype).reshape(-1, *rows.shape[1:])


def _split(arrays: Mapping[str, Any], name: str) -> Split:
    return Split(**arrays_of(arrays, f"Stream({name}=...)"))


def _check(recipe: Recipe, stream: Stream, val: Split | None) -> None:
    if stream.steps_per_epoch < 1:
        raise BadInput(f"Stream: steps_per_epoch must be at least 1, got {stream.steps_per_epoch}")
    if recipe.opt == "gd":
        raise BadInput("Stream: the optimizer gd needs all examples in one batch; choose another, as with --opt sgd")
    if (recipe.val_share or recipe.patience is not None) and val is None:
        raise BadInput("Stream: a stream has no validation split (val_share, patience): give Stream(val=...)")
