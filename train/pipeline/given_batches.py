"""Batches without a position of their own: lists, generators and iterables, as endless iterators with a state."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import BadInput

__all__ = ["ReadBatches", "is_batches", "with_state"]

_KEPT = 2048  # examples that can be read again, more than are read to find shapes and scales


class ReadBatches:
    """Endless iterator over batches that have no `get_state`; a list can be resumed, anything else only from its start.

    Args:
        given: list of batches, or an iterable of them; one that can be iterated anew begins again at its end.

    >>> batches = ReadBatches([{"x": [1], "y": [0]}, {"x": [2], "y": [1]}])
    >>> [next(batches)["x"] for _ in range(3)], batches.get_state()
    ([[1], [2], [1]], {'read': 3})
    """

    def __init__(self, given: Iterable[Any]):
        self._given, self._read = given, 0
        self._list = given if isinstance(given, Sequence) else None
        self._iterator: Iterator[Any] = iter(given)
        self._first: list[Any] | None = []  # batches that can be read again
        self._examples = 0

    def __iter__(self) -> "ReadBatches":
        return self

    def __next__(self) -> Any:
        if self._list is not None:
            batch = self._list[self._read % len(self._list)]
        elif self._first is not None and self._read < len(self._first):
            batch = self._first[self._read]
        else:
            batch = self._new()
        self._read += 1
        return batch

    def get_state(self) -> dict[str, int]:
        """Returns the number of batches read."""
        return {"read": self._read}

    def set_state(self, state: dict[str, int]) -> None:
        """Moves to a position.

        Raises:
            ValueError: if the batches before it cannot be read again.
        """
        if self._list is None and (self._first is None or state["read"] > len(self._first)):
            raise ValueError(
                f"{type(self._given).__name__} has no get_state and set_state: give a list of batches, or an iterator "
                "with these two methods, to resume a run"
            )
        self._read = state["read"]

    def _new(self) -> Any:
        try:
            batch = next(self._iterator)
        except StopIteration:
            if self._iterator is self._given or not self._read:  # a generator, or nothing at all
                raise
            self._iterator = iter(self._given)
            batch = next(self._iterator)
        if self._first is not None:
            self._examples += _size(batch)
            self._first = [*self._first, batch] if self._examples <= _KEPT or not self._first else None
        return batch


def with_state(batches: Iterable[Any]) -> Any:
    """Returns the iterator of batches: their own if it has `get_state` and `set_state`, else one that has them."""
    if isinstance(batches, Sequence) and not len(batches):
        raise BadInput("the list of batches is empty")
    iterator = batches if isinstance(batches, Sequence) else iter(batches)
    return iterator if hasattr(iterator, "get_state") and hasattr(iterator, "set_state") else ReadBatches(batches)


def is_batches(x: Any) -> bool:
    """Returns whether an argument is an iterator or a list of batches instead of an array, a list of rows or a frame.

    >>> is_batches(iter([])), is_batches([([[1.0]], [0])]), is_batches([[1.0, 2.0]])
    (True, True, False)
    """
    if hasattr(x, "__next__") or (hasattr(x, "__iter__") and not hasattr(x, "__len__")):
        return True
    first = x[0] if isinstance(x, list | tuple) and len(x) else None
    pair = isinstance(first, tuple) and len(first) == 2 and all(np.ndim(part) > 0 for part in first)
    return pair or (isinstance(first, dict) and {"x", "y"} <= set(first))


def _size(batch: Any) -> int:
    return len(batch["x"] if isinstance(batch, dict) else batch[0])
