"""How examples reach the trainer: data that fits lives on the device as stored, and batches are cut there."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..data.augment import augment
from ..data.dataset import Split
from ..data.normalize import Scaler, scaled, scaled_targets
from ..data.on_disk import DiskArray
from ..data.prefetch import prefetched

__all__ = [
    "BatchSource",
    "HostBatch",
    "HostReader",
    "as_stored",
    "from_memory",
    "padded_batches",
    "preprocess",
    "shuffle",
    "steps_per_epoch",
]


class BatchSource(NamedTuple):
    """A stream of batches, as pure functions over arrays that lie on the device.

    Attributes:
        arrays: all that the batches are cut from, as stored.
        steps_per_epoch: batches in one pass.
        order: `key -> order`, once per epoch.
        batch: `(arrays, order, i, key) -> batch`, the i-th of the epoch.
        reads: what reads data that does not fit, None for data that does. Where there is something, `arrays` are the
            scales alone, and what stands for the order is one batch as stored.
    """

    arrays: Any
    steps_per_epoch: int
    order: Callable[[jax.Array], Any]
    batch: Callable[..., dict]
    reads: "HostReader | None" = None


class HostBatch(NamedTuple):
    """A batch as stored, numpy arrays by name, and what must be known to go on behind it, as plain JSON values."""

    batch: dict[str, np.ndarray]
    position: Any = None


class HostReader(NamedTuple):
    """What reads the batches of data that does not fit.

    Attributes:
        batches: `(key, rows) -> read`, where `read(step)` gives those rows of the batch that the run of this key sees
            at a step. Called from threads, one step after another.
        threads: that may read at once; None: as many as there are.
        seek: Sets the position behind which a resumed run continues; None if the step determines it.
    """

    batches: Callable[[jax.Array, np.ndarray], Callable[[int], HostBatch]]
    threads: int | None = None
    seek: Callable[[Any], None] | None = None


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Steps that meet every example once.

    >>> steps_per_epoch(60000, 128)
    469
    """
    return math.ceil(examples / batch_size)


def from_memory(
    split: Split, batch_size: int, scaler: Scaler | None, target_scaler: Scaler | None, augmentation: str
) -> BatchSource:
    """Batches in a new random order every epoch, normalised and augmented on the device.

    Every batch is full: the last one of an epoch is filled up from the beginning of the epoch's own order, so that
    batch norm and the gradient see whole batches of real examples whatever the sizes are.
    """
    steps, order = shuffle(len(split.x), batch_size)

    def batch(arrays, order, i, key):
        chosen = jax.lax.dynamic_slice(order, (i * batch_size,), (batch_size,))
        # In bounds by construction: "clip" saves the fill that jax's default would add.
        cut = {name: jnp.take(each, chosen, axis=0, mode="clip") for name, each in arrays["examples"].items()}
        return preprocess(arrays, cut, augmentation, key)

    arrays = {"examples": as_stored(split), "scaler": scaler, "target_scaler": target_scaler}
    return BatchSource(arrays, steps, order, batch)


def shuffle(n: int, batch_size: int) -> tuple[int, Callable[[jax.Array], jax.Array]]:
    """The steps of an epoch, and `key -> order`: so many batches of places, the last filled up from the beginning."""
    steps = steps_per_epoch(n, batch_size)

    def order(key):
        return jnp.resize(jax.random.permutation(key, n), (steps * batch_size,))

    return steps, order


def preprocess(arrays: dict, cut: dict, augmentation: str, key: jax.Array) -> dict:
    """A batch as the trainer wants it, of one as stored: augmented and normalised, by the scalers among the arrays."""
    # Moved first and normalised after, so that what is moved in is background in every scale.
    x = scaled(arrays["scaler"], augment(augmentation, key, cut["x"]))
    return cut | {"x": x, "y": scaled_targets(arrays["target_scaler"], cut["y"])}


def padded_batches(split: Split, batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """The whole split in order, as stored, in batches of one size: the last is padded, and `weight` says with what.

    >>> split = Split(np.arange(5.0)[:, None], np.arange(5))
    >>> [batch["weight"].tolist() for batch in padded_batches(split, 3)]
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """
    n, count = len(split.x), steps_per_epoch(len(split.x), batch_size)

    def read(i):
        place = np.arange(i * batch_size, (i + 1) * batch_size)
        batch = {name: each[np.minimum(place, n - 1)] for name, each in as_stored(split).items()}
        return batch | {"weight": (place < n).astype(np.float32)}

    yield from prefetched(read, count) if isinstance(split.x, DiskArray) else map(read, range(count))


def as_stored(split: Split) -> dict[str, np.ndarray]:
    """What there is of a split, by name."""
    return {name: each for name, each in split._asdict().items() if each is not None}
