"""What the recurrent animals share: how data becomes a sequence, layers upon layers, and the head."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from .layers import Layer, Scanned, Sequence, bidirectional, compose, dense, dropout, embedded, scan, stacked
from .layers.checks import check_choice, check_positive, check_share, is_whole

__all__ = ["recurrent"]


def recurrent(
    name: str,
    cell: Callable[[int], Layer],
    outputs: int,
    *,
    each: bool,
    vocabulary: int,
    width: int,
    depth: int,
    rate: float,
    read: str,
    both: bool = False,
) -> Layer:
    """Makes an animal of a cell: sequence, recurrent layers, head.

    Args:
        name: the animal's, for errors.
        cell: `width -> cell`.
        outputs: numbers that the head gives.
        each: gives them at every step, and not once, after the last.
        vocabulary: how many tokens there are; 0: the input is numbers.
        width: of each layer, and of the embedding.
        depth: how many layers.
        rate: share dropped between the layers and before the head.
        read: how an image becomes a sequence.
        both: runs each layer in both directions.
    """
    check_positive(name, "outputs", outputs)
    check_positive(name, "width", width)
    check_positive(name, "depth", depth)
    check_share(name, "dropout", rate)
    check_choice(name, "read", read, ("rows", "pixels", "permuted"))
    if not is_whole(vocabulary, 0):
        raise ValueError(f"{name}: vocabulary must be a whole number from 0, got {vocabulary!r}")
    run = partial(bidirectional if both else scan, return_carry=True)
    ends = ["all"] * (depth - 1) + ["all" if each else "last"]
    body = stacked(*(run(cell(width), output=output) for output in ends), dropout=rate)
    body = embedded(vocabulary, width, body) if vocabulary else body

    def wiring(call, x):
        ran = call("body", _sequence(x, name, bool(vocabulary), read))
        y = call("head", call("dropout", ran.y))
        return Scanned(ran.carry, y) if each and isinstance(x, Sequence) else y

    return compose(wiring, body=body, dropout=dropout(rate), head=dense(outputs))


def _sequence(x: Any, name: str, tokens: bool, read: str) -> Sequence:
    """Makes a sequence of what comes: images by rows or pixels, all else as it is."""
    sequence = x if isinstance(x, Sequence) else Sequence(x)
    steps = sequence.x
    if tokens:
        return sequence
    if steps.ndim == 4:
        return sequence._replace(x=_read(steps, read))
    if steps.ndim != 3:
        raise ValueError(
            f"{name} reads (batch, time, features), images (batch, height, width, channels) or, made with "
            f"vocabulary=, tokens (batch, time); got shape {tuple(steps.shape)}"
        )
    return sequence


def _read(images: jax.Array, read: str) -> jax.Array:
    batch, height, width, channels = images.shape
    if read == "rows":
        return images.reshape(batch, height, width * channels)
    pixels = images.reshape(batch, height * width, channels)
    if read == "pixels":
        return pixels
    # The same order for every model and run, so that results compare; from raw bits, which numpy never changes.
    return pixels[:, np.argsort(np.random.PCG64(0).random_raw(height * width), kind="stable")]
