"""Batches of data that fits in memory: stored on the device, cut and preprocessed there.

Targets, and inputs of more than 16 bits, are normalised on the host before they are stored (`data/normalize.py`).
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..data.augmentation.apply import augment, levels_of, mixed
from ..data.dataset import Split
from ..data.normalize import Scaler, for_device, on_device, on_host, scaled_targets
from ..data.on_disk import DiskArray
from ..data.prefetch import prefetched

__all__ = [
    "BatchSource",
    "HostBatch",
    "HostReader",
    "as_stored",
    "from_memory",
    "host_part",
    "padded_batches",
    "preprocess",
    "read_by_step",
    "shuffle",
    "steps_per_epoch",
]


class BatchSource(NamedTuple):
    """A source of batches, as pure functions over arrays on the device.

    Attributes:
        arrays: Arrays that the batches are cut from.
        steps_per_epoch: Batches in one epoch.
        order: `key -> order`, once per epoch.
        batch: `(arrays, order, i, key) -> batch`, the i-th batch of the epoch.
        reads: Reader of data that does not fit in memory; None for data that does. With a reader, `arrays` are the
            scaler and levels alone, and the order is a batch as read.
    """

    arrays: Any
    steps_per_epoch: int
    order: Callable[[jax.Array], Any]
    batch: Callable[..., dict]
    reads: "HostReader | None" = None


class HostBatch(NamedTuple):
    """A batch as read, numpy arrays by name, and the position behind it, as plain JSON values."""

    batch: dict[str, np.ndarray]
    position: Any = None


class HostReader(NamedTuple):
    """Reader of batches of data that does not fit in memory.

    Attributes:
        batches: `(key, rows) -> read`, where `read(step)` returns these rows of the batch of a step, for a run with
            this key. It is called from threads, step by step.
        threads: Maximal number of threads that read; None for no limit.
        seek: Sets the position behind which a resumed run continues; None if the step determines it.
    """

    batches: Callable[[jax.Array, np.ndarray], Callable[[int], HostBatch]]
    threads: int | None = None
    seek: Callable[[Any], None] | None = None


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Returns the number of steps that visit every example once.

    >>> steps_per_epoch(60000, 128)
    469
    """
    return math.ceil(examples / batch_size)


def from_memory(
    split: Split,
    batch_size: int,
    scaler: Scaler | None,
    target_scaler: Scaler | None,
    augmentation: str,
    *,
    whole: bool = False,
) -> BatchSource:
    """Returns a source of batches in a new random order every epoch, augmented on the device.

    For a trainer of whole sets the one batch has the examples in their own order, the same in every epoch.

    Every batch is full: the last one of an epoch is filled with examples from the beginning of its order, so that
    batch norm and the gradient see whole batches of real examples whatever the sizes are.
    """
    steps, order = shuffle(len(split.x), batch_size) if not whole else (1, lambda key: jnp.arange(len(split.x)))

    def batch(arrays, order, i, key):
        chosen = jax.lax.dynamic_slice(order, (i * batch_size,), (batch_size,))
        # In bounds by construction: "clip" saves the fill that jax's default would add.
        cut = {name: jnp.take(each, chosen, axis=0, mode="clip") for name, each in arrays["examples"].items()}
        return preprocess(arrays, cut, augmentation, key)

    examples = host_part(as_stored(split), scaler, target_scaler)
    if (
        split.weight is not None
    ):  # of a mean over batches, the weights have the mean 1; of all examples, they are as given
        examples["weight"] = (split.weight if whole else split.weight / split.weight.mean()).astype(np.float32)
    return BatchSource({"examples": examples, **read_by_step(split.x, scaler, augmentation)}, steps, order, batch)


def shuffle(n: int, batch_size: int) -> tuple[int, Callable[[jax.Array], jax.Array]]:
    """Returns the steps of an epoch and `key -> order`, the indices of its batches; the last one wraps around."""
    steps = steps_per_epoch(n, batch_size)

    def order(key):
        return jnp.resize(jax.random.permutation(key, n), (steps * batch_size,))

    return steps, order


def preprocess(arrays: dict, cut: dict, augmentation: str, key: jax.Array) -> dict:
    """Augments a batch of `host_part`, and normalises with the scaler in `arrays` what is not yet normalised.

    Args:
        arrays: those of `read_by_step`.
        cut: examples of the batch.
        augmentation: value of `--augment`. Moved pixels and margins give the same before and after normalisation; where
            values are computed, they are float32 and not rounded before they are normalised.
        key: random key of the batch.
    """
    x, scaler = augment(augmentation, key, cut["x"], arrays["levels"]), arrays["scaler"]
    x = on_device(None, x) if scaler is None else scaler.apply(x)
    return mixed(augmentation, key, cut | {"x": x})


def read_by_step(x: Any, scaler: Scaler | None, augmentation: str) -> dict[str, Any]:
    """Returns the arrays besides the examples that `preprocess` reads: scaler, and levels of black and white."""
    return {"scaler": for_device(scaler, x.dtype), "levels": levels_of(augmentation, x, scaler)}


def host_part(batch: dict[str, Any], scaler: Scaler | None, target_scaler: Scaler | None) -> dict[str, Any]:
    """Normalises on the host what float32 would not hold exactly: inputs of more than 16 bits, and the targets."""
    return batch | {"x": on_host(scaler, batch["x"]), "y": scaled_targets(target_scaler, batch["y"])}


def padded_batches(split: Split, batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """Yields the whole split in order, as stored, in batches of one size; `weight` is 0 in the padding of the last.

    Elsewhere it is that of the example, 1 if all count the same.

    >>> split = Split(np.arange(5.0)[:, None], np.arange(5))
    >>> [batch["weight"].tolist() for batch in padded_batches(split, 3)]
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """
    n, count = len(split.x), steps_per_epoch(len(split.x), batch_size)

    def read(i):
        place = np.arange(i * batch_size, (i + 1) * batch_size)
        batch = {name: each[np.minimum(place, n - 1)] for name, each in as_stored(split).items()}
        return batch | {"weight": ((place < n) * batch.get("weight", 1)).astype(np.float32)}

    yield from prefetched(read, count) if isinstance(split.x, DiskArray) else map(read, range(count))


def as_stored(split: Split) -> dict[str, np.ndarray]:
    """Returns the arrays of a split by name."""
    return {name: each for name, each in split._asdict().items() if each is not None}
