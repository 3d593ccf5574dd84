"""How examples that stay on the disk reach the trainer: in the order that they would have on the device."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Split
from ..data.normalize import Scaler
from ..trainer import named_key
from .batches import BatchSource, HostBatch, HostReader, as_stored, preprocess, shuffle

__all__ = ["from_disk", "stored"]


def from_disk(
    split: Split, batch_size: int, scaler: Scaler | None, target_scaler: Scaler | None, augmentation: str
) -> BatchSource:
    """The batches of `feed.shuffled`, the same bits in the same order, of examples of which some are `Rows`.

    The order of an epoch is made on the device, where it is made for data that fits, and fetched: 4 bytes an example.
    """
    examples = as_stored(split)
    steps, order = shuffle(len(split.x), batch_size)
    order = jax.jit(order)

    def batches(key, rows):
        # Two epochs at once, where one ends and the other is read ahead.
        @lru_cache(maxsize=2)
        def places(epoch):
            return np.asarray(order(named_key(key, "order", epoch)))

        def read(step):
            epoch, i = divmod(step, steps)
            chosen = places(epoch)[i * batch_size + rows]
            return HostBatch({name: stored(each[chosen]) for name, each in examples.items()})

        return read

    def batch(arrays, cut, i, key):
        return preprocess(arrays, cut, augmentation, key)

    def blank(key):
        kinds = {name: jax.dtypes.canonicalize_dtype(each.dtype) for name, each in examples.items()}
        return {name: jnp.zeros((batch_size, *examples[name].shape[1:]), kind) for name, kind in kinds.items()}

    return BatchSource({"scaler": scaler, "target_scaler": target_scaler}, steps, blank, batch, HostReader(batches))


def stored(array: np.ndarray) -> np.ndarray:
    """The array in the type that the device would keep it in: float32 of float64."""
    return np.asarray(array, jax.dtypes.canonicalize_dtype(array.dtype))
