"""Batches of a text: it is divided into parallel parts, each read window by window.

Training is truncated back-propagation: window i + 1 of a part starts where window i ended, so that the carry can be
passed on. An evaluation reads every token once, with the tokens before it.
"""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Split
from ..errors import BadInput
from .batches import BatchSource, HostBatch, HostReader

__all__ = ["contiguous_from_disk", "scoring_windows", "token_windows"]

_ROWS, _PIECE, _WARM_UP = 32, 512, 128


def token_windows(split: Split, batch_size: int, window: int) -> BatchSource:
    """Returns a source of batches whose row r continues, batch by batch, along the r-th of `batch_size` parts.

    A batch is `{"x": (batch, window), "y": (batch, window), "first": (batch,)}`, whole numbers; `first` is true where
    the carry begins anew, in the first batch of an epoch. Where the parts cannot meet the text's length exactly,
    they overlap: every token but a rest shorter than a window is read.

    Args:
        split: a text, `x` its tokens (length,) and `y` the token that follows each.
        batch_size: parts that are read side by side.
        window: tokens of a part that a step reads, and the gradient looks back; 0 takes the whole part.

    Raises:
        BadInput: if the text is shorter than the window.

    >>> text = Split(np.arange(10), np.arange(1, 11))
    >>> feed = token_windows(text, 2, 2)
    >>> [feed.batch(feed.arrays, feed.order(None), i, None)["x"].tolist() for i in range(feed.steps_per_epoch)]
    [[[0, 1], [4, 5]], [[2, 3], [6, 7]], [[4, 5], [8, 9]]]
    """
    steps, starts = _parts(len(split.x), batch_size, window)
    window = window or len(split.x) // batch_size

    def order(key):
        return jnp.asarray(starts, jnp.int32)

    def batch(arrays, order, i, key):
        def cut(start):
            return {name: jax.lax.dynamic_slice(arrays[name], (start + i * window,), (window,)) for name in ("x", "y")}

        return {**jax.vmap(cut)(order), "first": jnp.full(batch_size, i == 0)}

    arrays = {"x": np.asarray(split.x, np.int32), "y": np.asarray(split.y, np.int32)}
    return BatchSource(arrays, steps, order, batch)


def contiguous_from_disk(split: Split, batch_size: int, window: int) -> BatchSource:
    """Returns the source of the batches of `token_windows` for a text that stays on disk."""
    steps, starts = _parts(len(split.x), batch_size, window)
    window = window or len(split.x) // batch_size

    def batches(key, rows):
        def read(step):
            begins = starts[rows] + step % steps * window
            return HostBatch(
                {name: np.stack([side[at : at + window] for at in begins]) for name, side in sides.items()}
            )

        return read

    def batch(arrays, cut, i, key):
        return {**cut, "first": jnp.full(batch_size, i == 0)}

    def blank(key):
        return {name: jnp.zeros((batch_size, window), jnp.int32) for name in sides}

    sides = {"x": split.x, "y": split.y}
    return BatchSource({}, steps, blank, batch, HostReader(batches))


def _parts(length: int, batch_size: int, window: int) -> tuple[int, np.ndarray]:
    """Returns the steps of an epoch and the start of each part."""
    window = window or length // batch_size
    if not 0 < window <= length:
        raise BadInput(
            f"the text to learn from has {length} tokens, fewer than a window of {window}: take a longer one"
        )
    steps = min(-(-length // (batch_size * window)), length // window)
    return steps, np.linspace(0, length - steps * window, batch_size).astype(np.int64)


def scoring_windows(split: Split, devices: int = 1) -> Iterator[dict[str, np.ndarray]]:
    """Yields the whole text for an evaluation: `weight` is 1 once for every token, 0 where a row reads only context.

    A row is a piece of the text with the 128 tokens before it. A recurrent net so warmed up gives within a hair what
    one unbroken reading would, and many times as fast.

    Args:
        split: a text, as in `token_windows`.
        devices: that share the rows of a batch.

    Yields:
        `{"x", "y", "weight"}`, each (rows, time), all of one shape.

    >>> (batch,) = scoring_windows(Split(np.arange(600), np.arange(1, 601)))
    >>> batch["x"].shape, int(batch["weight"].sum()), int(batch["x"][1, 0])
    ((2, 640), 600, 384)
    """
    length = len(split.x)
    begins = np.arange(0, length, _PIECE)
    rows = min(_ROWS, len(begins))
    rows += -rows % devices
    begins = np.resize(begins, -(-len(begins) // rows) * rows)  # rows beyond the last repeat others, with no weight
    scored = np.arange(len(begins)) < -(-length // _PIECE)
    for some in np.split(np.arange(len(begins)), len(begins) // rows):
        yield _pieces(split, begins[some], scored[some])


def _pieces(split: Split, begins: np.ndarray, scored: np.ndarray) -> dict[str, np.ndarray]:
    length = len(split.x)
    # The first piece has nothing before it, and begins where the text does.
    place = np.maximum(begins - _WARM_UP, 0)[:, None] + np.arange(_WARM_UP + _PIECE)
    own = (place >= begins[:, None]) & (place < np.minimum(begins + _PIECE, length)[:, None]) & scored[:, None]
    place = np.minimum(place, length - 1)
    x, y = (np.asarray(side[place], np.int32) for side in (split.x, split.y))
    return {"x": x, "y": y, "weight": own.astype(np.float32)}
