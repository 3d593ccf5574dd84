"""How examples reach the trainer: data that fits lives on the device as stored, and batches are cut there."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .data.augment import augment
from .data.normalize import Scaler
from .data.source import Split

__all__ = ["Feed", "padded", "scaled", "scaled_targets", "shuffled", "steps_per_epoch"]


class Feed(NamedTuple):
    """A stream of batches, as pure functions over arrays that lie on the device.

    Attributes:
        arrays: all that the batches are cut from, as stored.
        steps_per_epoch: batches in one pass.
        order: `key -> order`, once per epoch.
        batch: `(arrays, order, i, key) -> batch`, the i-th of the epoch.
    """

    arrays: Any
    steps_per_epoch: int
    order: Callable[[jax.Array], Any]
    batch: Callable[..., dict]


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Steps that meet every example once.

    >>> steps_per_epoch(60000, 128)
    469
    """
    return math.ceil(examples / batch_size)


def shuffled(
    split: Split, batch_size: int, scaler: Scaler | None, target_scaler: Scaler | None, augmentation: str
) -> Feed:
    """Batches in a new random order every epoch, normalised and augmented on the device.

    Every batch is full: the last one of an epoch is filled up from the beginning of the epoch's own order, so that
    batch norm and the gradient see whole batches of real examples whatever the sizes are.
    """
    n = len(split.x)
    steps = steps_per_epoch(n, batch_size)

    def order(key):
        return jnp.resize(jax.random.permutation(key, n), (steps * batch_size,))

    def batch(arrays, order, i, key):
        chosen = jax.lax.dynamic_slice(order, (i * batch_size,), (batch_size,))
        # In bounds by construction: "clip" saves the fill that jax's default would add.
        cut = {name: jnp.take(each, chosen, axis=0, mode="clip") for name, each in arrays["examples"].items()}
        # Moved first and normalised after, so that what is moved in is background in every scale.
        x = scaled(arrays["scaler"], augment(augmentation, key, cut["x"]))
        return cut | {"x": x, "y": scaled_targets(arrays["target_scaler"], cut["y"])}

    arrays = {"examples": _arrays(split), "scaler": scaler, "target_scaler": target_scaler}
    return Feed(arrays, steps, order, batch)


def scaled(scaler: Scaler | None, x: Any) -> Any:
    """Inputs as the model wants them; without a scaler they are the numbers of tokens."""
    return x.astype("int32") if scaler is None else scaler.apply(x)


def scaled_targets(scaler: Scaler | None, y: Any) -> Any:
    """Targets as the loss wants them; only those of a regression have a scale."""
    return y if scaler is None else scaler.apply(y)


def padded(split: Split, batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """The whole split in order, as stored, in batches of one size: the last is padded, and `weight` says with what.

    >>> split = Split(np.arange(5.0)[:, None], np.arange(5))
    >>> [batch["weight"].tolist() for batch in padded(split, 3)]
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """
    n = len(split.x)
    for start in range(0, n, batch_size):
        place = np.arange(start, start + batch_size)
        chosen = np.minimum(place, n - 1)
        batch = {name: each[chosen] for name, each in _arrays(split).items()}
        yield batch | {"weight": (place < n).astype(np.float32)}


def _arrays(split: Split) -> dict[str, np.ndarray]:
    return {name: each for name, each in split._asdict().items() if each is not None}
