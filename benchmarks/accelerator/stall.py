"""Measures how long training steps wait for batches that come from the host, by the zoo's reading ahead."""

import time
from argparse import Namespace
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from zoo.train import Stream, recipe_for
from zoo.train.pipeline.arrays import open_given
from zoo.train.runs.setup import Setup, setup

__all__ = ["input"]

_BATCH, _BATCHES = 128, 40


def input(row: str, args: Namespace) -> dict[str, Any]:
    """Trains the cnn of MNIST on images of its shape: from memory of the device, and from batches of numpy arrays.

    Returns the milliseconds of a step of both, and the share of the time that the second waits for its batches.
    """
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (_BATCH * _BATCHES, 28, 28, 1), np.uint8)
    y = rng.integers(0, 10, len(x))
    recipe = replace(recipe_for(row, "mnist"), augment="none", batch_size=_BATCH, warmup_epochs=0, expect=None)
    recipe = replace(recipe, m={"filters": (4,), "hidden": 8}) if args.tiny else recipe
    pairs = [(x[i : i + _BATCH], y[i : i + _BATCH]) for i in range(0, len(x), _BATCH)]
    stream = Stream(train=pairs, test={"x": x[:_BATCH], "y": y[:_BATCH]}, steps_per_epoch=_BATCHES)
    resident = _parts(recipe, None, (x, y))
    streamed = _parts(recipe, stream, None)
    steps = 5 if args.tiny else _BATCHES
    try:
        found = {"ms": _ms(resident, steps), "streamed": _ms(streamed, steps)}
        return found | {"stall": streamed.advance.data_wait}
    finally:
        streamed.advance.close()  # pyright: ignore[reportAttributeAccessIssue]


def _parts(recipe: Any, stream: Stream | None, data: Any) -> Setup:
    own = open_given(recipe, stream, data, 0.2)
    assert own
    return setup(own.recipe, own=own, score_samples=False)


def _ms(parts: Setup, steps: int) -> float:
    """Measures the milliseconds of a step, after one that compiles."""
    advance, key = parts.advance, parts.key
    fit, order = advance.init(key), advance.order(key)
    fit, totals = advance(fit, advance.zero(fit, order, key), order, 0, 2, key)
    jax.block_until_ready(totals)
    began = time.perf_counter()
    jax.block_until_ready(advance(fit, totals, order, 2, 2 + steps, key))
    return 1000 * (time.perf_counter() - began) / steps
