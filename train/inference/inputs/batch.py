"""Raw examples that were read from files, and what each is called."""

from typing import NamedTuple

import numpy as np

from ...errors import BadInput

__all__ = ["Batch", "Wanted", "fitted"]


class Batch(NamedTuple):
    """Examples of one shape.

    Attributes:
        names: of each: its file, and its place in it.
        x: (examples, ...), raw.
        notes: what was done to them, or is to be known of them; a line each.
    """

    names: list[str]
    x: np.ndarray
    notes: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """What a model reads, as its file says.

    Attributes:
        kind: of data: image, table, points, sequence, text or series.
        shape: of one example.
        features: names of a table's columns, or of a sequence's.
        vocabulary: the tokens; empty where the input is numbers.
        range: the least and the largest value of the training pictures; None where the file does not say.
        edge: how bright their outermost pixels were, 0 to 1; None likewise.
    """

    kind: str
    shape: tuple[int, ...]
    features: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    edge: float | None = None

    @classmethod
    def of(cls, about: dict) -> "Wanted":
        """What the model of this description reads."""
        low_high = about.get("input_range")
        return cls(
            about["kind"],
            tuple(about["input_shape"]),
            tuple(about["features"]),
            tuple(about["vocabulary"]),
            None if low_high is None else (low_high[0], low_high[1]),
            about.get("input_edge"),
        )

    @property
    def free(self) -> int:
        """How many axes may have any length: the time axis of a sequence."""
        return int(self.kind in ("sequence", "text"))

    def in_words(self) -> str:
        """The shape of one example.

        >>> Wanted("image", (8, 8, 1)).in_words(), Wanted("sequence", (30, 2)).in_words()
        ('8x8x1', 'timex2')
        """
        return "x".join(["time"] * self.free + [str(n) for n in self.shape[self.free :]])


def fitted(where: str, x: np.ndarray, wanted: Wanted) -> np.ndarray:
    """The array with a batch axis, held to what the model reads; a channel or feature axis of 1 may be left out.

    Raises:
        BadInput: naming the file, if shape, type or a value cannot be.
    """
    if x.dtype.kind not in "biuf":
        raise BadInput(f"{where} holds {x.dtype}, expected numbers")
    shape, free = wanted.shape, wanted.free
    for given in (x, x[..., None]) if shape[-1] == 1 and len(shape) > 1 else (x,):
        for many in (given, given[None]):
            if many.ndim == len(shape) + 1 and many.shape[1 + free :] == shape[free:] and many.size:
                return _finite(where, many, wanted)
    raise BadInput(
        f"{where} has shape {'x'.join(map(str, x.shape)) or 'of one number'}, expected one example of "
        f"{wanted.in_words()} or a number of them, examples first"
    )


def _finite(where: str, x: np.ndarray, wanted: Wanted) -> np.ndarray:
    if wanted.vocabulary:
        return _tokens(where, x, len(wanted.vocabulary))
    bad = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    if bad.size:
        raise BadInput(f"{where}, example {bad[0]} (counted from 0): a value is missing (NaN) or infinite")
    return x


def _tokens(where: str, x: np.ndarray, size: int) -> np.ndarray:
    if x.dtype.kind not in "iu":
        raise BadInput(f"{where} holds {x.dtype}, expected the numbers of tokens, whole")
    if x.min() < 0 or x.max() >= size:
        wrong = int(np.flatnonzero(((x < 0) | (x >= size)).reshape(len(x), -1).any(axis=1))[0])
        raise BadInput(f"{where}, example {wrong} (counted from 0): tokens are numbered 0 to {size - 1}")
    return x
