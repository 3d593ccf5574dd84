"""Data of your own as batches, from whatever makes them: `run(recipe, options, stream=Stream(train=loader, ...))`.

The protocol is that of grain's iterators, which plug in as they are: what `iter(train)` gives has `__next__`,
`get_state` and `set_state`. A checkpoint keeps the state behind the batch that was learned from last, not behind
those that were read ahead of it.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np

from ..config.recipe import Recipe, check_compatible
from ..data.dataset import Dataset, Kind, Source, Split, Task
from ..errors import BadInput
from ..runtime.processes import allgather_json, allgather_rows

__all__ = ["Batches", "OpenStream", "Stream", "arrays_of", "encode_state", "unpacked"]

_KINDS: Mapping[int, Kind] = {2: "table", 3: "sequence", 4: "image"}
_PEEK = 1024  # examples from which shapes and scales are taken, of all processes together


@runtime_checkable
class Batches(Protocol):
    """An iterator that knows where it stands."""

    def __next__(self) -> Mapping[str, Any]:
        """The next batch: `x` and `y`, arrays of numpy with the examples along the first axis."""
        ...

    def get_state(self) -> Any:
        """Where it stands: bytes, or plain JSON values."""

    def set_state(self, state: Any) -> None:
        """Goes there."""


@dataclass(frozen=True)
class Stream:
    """Batches to learn from, and arrays to score on.

    Args:
        train: whose iterator gives batches without end, `{"x": (batch, ...), "y": (batch,) or (batch, n)}`, all of
            one shape, and has `get_state` and `set_state`. Of several processes each reads a share of its own.
        test: `{"x", "y"}`, all examples to score on.
        steps_per_epoch: batches that count as an epoch.
        classes: their names; without them whole numbers in y are classes all the same, as many as in `test`.
        val: as `test`, to choose by (`patience`, `best`).

    Shapes, and the scale that the recipe normalises to, are taken from the first batches, some thousand examples;
    the iterator is put back then. Whole numbers in y make it a classification, other numbers a regression; x of two,
    three or four axes is a table, a sequence or an image.
    """

    train: Iterable
    test: Mapping[str, Any]
    steps_per_epoch: int
    classes: tuple[str, ...] = ()
    val: Mapping[str, Any] | None = None

    def opened(self, recipe: Recipe) -> "OpenStream":
        """The iterator, and what a run must know of it.

        Raises:
            BadInput: if it is no such iterator, gives no such batches, or the recipe cannot learn from a stream.
        """
        batches = iter(self.train)
        if not isinstance(batches, Batches):
            raise BadInput(
                f"Stream(train=...): {type(batches).__name__} has no get_state and set_state, so that no resumed run "
                "could go on behind the batch that was learned from last. Take a loader that has them (grain's), or "
                "write the two methods"
            )
        first = _peeked(batches)
        size, val = len(first[0]["x"]), None if self.val is None else _split(self.val, "val")
        _check(recipe, self, val)
        train = _seen_by_all(Split(*(np.concatenate([batch[name] for batch in first]) for name in "xy")), size)
        kind, data = self._described(train, _split(self.test, "test"))
        check_compatible(recipe.model, kind)
        recipe = replace(recipe, dataset="stream", batch_size=size * jax.process_count(), d={}, expect=None)
        return OpenStream(batches, first[0], recipe, kind, data, val, self.steps_per_epoch)

    def _described(self, train: Split, test: Split) -> tuple[Source, Dataset]:
        if train.x.ndim not in _KINDS or train.x.shape[1:] != test.x.shape[1:] or train.y.shape[1:] != test.y.shape[1:]:
            raise BadInput(
                f"Stream: batches have x {train.x.shape[1:]} and y {train.y.shape[1:]} an example, test has "
                f"{test.x.shape[1:]} and {test.y.shape[1:]}: expected the same, and (features,), (time, features) or "
                "(height, width, channels)"
            )
        task: Task = "multiclass" if train.y.dtype.kind in "iu" else "regression"
        highest = max(int(test.y.max()), int(train.y.max())) + 1 if task == "multiclass" else 0
        classes = (self.classes or tuple(map(str, range(max(highest, 2))))) if task == "multiclass" else ()
        if highest > len(classes):
            raise BadInput(f"Stream: {len(classes)} classes are named, but y has class {highest - 1}, counted from 0")
        outputs = len(classes) if task == "multiclass" else int(np.prod(train.y.shape[1:]))
        kind = Source("stream", "", _KINDS[train.x.ndim], task, train.x.shape[1:], outputs, lambda place: data)
        data = Dataset("stream", task, train, test, classes, target="" if classes else "y", outputs=outputs)
        return kind, data


@dataclass(frozen=True)
class OpenStream:
    """A stream that a run learns from.

    Attributes:
        batches: the iterator.
        example: its first batch.
        recipe: with the stream's own batch size.
        kind: what the examples are.
        data: of which `train` is the first batches.
        val: examples to choose by.
        steps_per_epoch: as told.
    """

    batches: Batches
    example: Mapping[str, np.ndarray]
    recipe: Recipe
    kind: Source
    data: Dataset
    val: Split | None
    steps_per_epoch: int


def encode_state(state: Any) -> Any:
    """A state as plain JSON values.

    >>> unpacked(encode_state(b"here")), encode_state({"next": 3})
    (b'here', {'next': 3})
    """
    if isinstance(state, bytes):
        return {"base64": base64.b64encode(state).decode()}
    try:
        return json.loads(json.dumps(state))
    except (TypeError, ValueError) as error:
        raise BadInput(f"Stream: get_state() must give bytes or plain JSON values, got {state!r}: {error}") from error


def unpacked(state: Any) -> Any:
    """What `encode_state` was given."""
    return base64.b64decode(state["base64"]) if isinstance(state, dict) and list(state) == ["base64"] else state


def arrays_of(batch: Any, where: str) -> dict[str, np.ndarray]:
    """The arrays of a batch.

    Raises:
        BadInput: naming where, if it lacks one or they are not equally long.
    """
    if not isinstance(batch, Mapping) or not {"x", "y"} <= set(batch):
        got = ", ".join(map(str, batch)) if isinstance(batch, Mapping) else type(batch).__name__
        raise BadInput(f'{where} must be {{"x": array, "y": array}}, got {got}')
    arrays = {name: np.asarray(batch[name]) for name in ("x", "y")}
    arrays = {name: each.astype(jax.dtypes.canonicalize_dtype(each.dtype)) for name, each in arrays.items()}
    x, y = arrays["x"], arrays["y"]
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise BadInput(f"{where}: x {x.shape} and y {y.shape} must have as many examples, at least one")
    return arrays


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
    """The first examples of all processes, which must mean the same by scales and classes; of one alone, its own.

    Raises:
        BadInput: if the processes give batches that are not alike.
    """
    if jax.process_count() == 1:
        return own
    rows = min(len(own.x), -(-_PEEK // jax.process_count()))
    kinds = [[str(each.dtype), list(each.shape[1:])] for each in (own.x, own.y)]
    told = allgather_json([size, rows, *kinds])
    if any(each != told[0] for each in told):
        each = "; ".join(f"process {i}: {size} examples, x {x}, y {y}" for i, (size, _, x, y) in enumerate(told))
        raise BadInput(f"Stream: the batches of the processes must be alike, each an equal share. There are {each}")
    return Split(allgather_rows(own.x[:rows]), allgather_rows(own.y[:rows]))


def _split(arrays: Mapping[str, Any], name: str) -> Split:
    return Split(**arrays_of(arrays, f"Stream({name}=...)"))


def _check(recipe: Recipe, stream: Stream, val: Split | None) -> None:
    if stream.steps_per_epoch < 1:
        raise BadInput(f"Stream: steps_per_epoch must be at least 1, got {stream.steps_per_epoch}")
    if recipe.opt == "gd":
        raise BadInput("Stream: the optimizer gd needs all examples in one batch; choose another, as with --opt sgd")
    if (recipe.val_share or recipe.patience is not None) and val is None:
        raise BadInput("Stream: of a stream nothing can be held back (val_share, patience): give Stream(val=...)")
