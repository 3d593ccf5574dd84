"""Batches of examples that stay on disk, in the same order as from memory."""

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Split
from ..data.normalize import Scaler
from ..trainer import named_key
from .batches import BatchSource, HostBatch, HostReader, as_stored, host_part, preprocess, read_by_step, shuffle

__all__ = ["for_step", "from_disk"]


def from_disk(
    split: Split, batch_size: int, scaler: Scaler | None, target_scaler: Scaler | None, augmentation: str
) -> BatchSource:
    """Returns a source of the same batches as `from_memory`, bit for bit, for examples some of which are on disk.

    The order of an epoch is computed on the device, as for data in memory, and fetched: 4 bytes an example.
    """
    examples, ready = as_stored(split), partial(for_step, scaler=scaler, target_scaler=target_scaler)
    steps, order = shuffle(len(split.x), batch_size)
    order = jax.jit(order)

    def batches(key, rows):
        # Two epochs, as the next one is read ahead while one ends.
        @lru_cache(maxsize=2)
        def places(epoch):
            return np.asarray(order(named_key(key, "order", epoch)))

        def read(step):
            epoch, i = divmod(step, steps)
            chosen = places(epoch)[i * batch_size + rows]
            return HostBatch(ready({name: each[chosen] for name, each in examples.items()}))

        return read

    def batch(arrays, cut, i, key):
        return preprocess(arrays, cut, augmentation, key)

    def blank(key):
        none = ready({name: np.empty((0, *each.shape[1:]), each.dtype) for name, each in examples.items()})
        return {name: jnp.zeros((batch_size, *each.shape[1:]), each.dtype) for name, each in none.items()}

    return BatchSource(read_by_step(split.x, scaler, augmentation), steps, blank, batch, HostReader(batches))


def for_step(
    batch: dict[str, np.ndarray], scaler: Scaler | None, target_scaler: Scaler | None
) -> dict[str, np.ndarray]:
    """Returns a batch as a step takes it: its host part computed, in types that the device stores."""
    return {name: stored(each) for name, each in host_part(batch, scaler, target_scaler).items()}


def stored(array: np.ndarray) -> np.ndarray:
    """Converts an array to the type that the device would store: float32 for float64."""
    return np.asarray(array, jax.dtypes.canonicalize_dtype(array.dtype))
