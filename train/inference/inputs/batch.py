"""Raw examples read from files, and the inputs that a model accepts."""

from typing import NamedTuple

import numpy as np

from ...data.formats.image import Resize
from ...data.tables.encoder import TableEncoder
from ...errors import BadInput

__all__ = ["Batch", "InputSpec", "as_examples"]


class Batch(NamedTuple):
    """Holds raw examples of one shape.

    Attributes:
        names: file and position in it of each example.
        x: examples (examples, ...).
        notes: conversions and warnings for the user, one per line.
        identifiers: texts by column of each example, which distinguish the rows of a table; empty without any.
    """

    names: list[str]
    x: np.ndarray
    notes: tuple[str, ...] = ()
    identifiers: tuple[dict[str, str], ...] = ()


class InputSpec(NamedTuple):
    """Describes the input of a saved model.

    Attributes:
        kind: kind of data: image, table, points, sequence, text or series.
        shape: shape of one example.
        features: names of the columns of a table or a sequence.
        vocabulary: tokens; empty for numeric inputs.
        range: smallest and largest value of the training images; None if unknown.
        edge: mean of their outermost pixels, 0 to 1; None if unknown.
        side: side of the square that training pictures were cropped and scaled to, 0 if they were kept; None if the
            model was not trained on a folder of pictures, or its file is older than this field.
        resize: what became the square.
        each: whether the model has an output at every time step.
        encoder: encoder of the rows of a table; None for other data, and for tables of numbers alone.
        encoding: encoding of tables that was given for the training; "": UTF-8, or as guessed.
    """

    kind: str
    shape: tuple[int, ...]
    features: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    edge: float | None = None
    side: int | None = None
    resize: Resize = "crop"
    each: bool = False
    encoder: TableEncoder | None = None
    encoding: str = ""

    @classmethod
    def of(cls, about: dict) -> "InputSpec":
        """Builds the spec from the description in a model file."""
        low_high = about.get("input_range")
        return cls(
            about["kind"],
            tuple(about["input_shape"]),
            tuple(about["features"]),
            tuple(about["vocabulary"]),
            None if low_high is None else (low_high[0], low_high[1]),
            about.get("input_edge"),
            about["pictures"]["size"] if "pictures" in about else None,
            about.get("pictures", {}).get("resize", "crop"),
            about.get("made_for", {}).get("each", False),
            TableEncoder.from_json(about["table"]) if "table" in about else None,
            str(about.get("recipe", {}).get("d", {}).get("encoding", "")),
        )

    @property
    def free(self) -> int:
        """Number of leading axes of any length: the time axis of a sequence or of a whole series."""
        return int(self.kind in ("sequence", "text") or self.each)

    def in_words(self) -> str:
        """Formats the shape of one example.

        >>> InputSpec("image", (8, 8, 1)).in_words(), InputSpec("sequence", (30, 2)).in_words()
        ('8x8x1', 'timex2')
        """
        return "x".join(["time"] * self.free + [str(n) for n in self.shape[self.free :]])


def as_examples(where: str, x: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Checks an array against a model's input and adds missing axes: the batch axis, a channel or feature axis of 1.

    Args:
        where: name of the file in errors.
        x: one example or several.
        spec: input of the model.

    Raises:
        BadInput: if shape, type or a value does not fit.
    """
    if x.dtype.kind not in "biuf":
        raise BadInput(f"{where} holds {x.dtype}, expected numbers")
    shape, free = spec.shape, spec.free
    for given in (x, x[..., None]) if shape[-1] == 1 and len(shape) > 1 else (x,):
        for many in (given, given[None]):
            if many.ndim == len(shape) + 1 and many.shape[1 + free :] == shape[free:] and many.size:
                return _finite(where, many, spec)
    raise BadInput(
        f"{where} has shape {'x'.join(map(str, x.shape)) or 'of one number'}, expected one example of "
        f"{spec.in_words()} or several, along the first axis"
    )


def _finite(where: str, x: np.ndarray, spec: InputSpec) -> np.ndarray:
    if spec.vocabulary:
        return _tokens(where, x, len(spec.vocabulary))
    bad = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    if bad.size:
        raise BadInput(f"{where}, example {bad[0]} (counted from 0): a value is missing (NaN) or infinite")
    return x


def _tokens(where: str, x: np.ndarray, size: int) -> np.ndarray:
    if x.dtype.kind not in "iu":
        raise BadInput(f"{where} holds {x.dtype}, expected token numbers, integers")
    if x.min() < 0 or x.max() >= size:
        wrong = int(np.flatnonzero(((x < 0) | (x >= size)).reshape(len(x), -1).any(axis=1))[0])
        raise BadInput(f"{where}, example {wrong} (counted from 0): tokens are numbered 0 to {size - 1}")
    return x
