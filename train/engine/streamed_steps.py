"""Runs steps on data that does not fit in memory: threads read the next batches while the device computes.

Waiting is counted from the moment the device is idle: a reader that is slower than the host, but not slower than the
device, costs nothing.
"""

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Sharding as ArraySharding

from ..data.prefetch import Prefetcher
from ..distributed.sharding import Sharding
from ..pipeline.batches import BatchSource, HostBatch
from ..trainer import Trainer
from .steps import StepProgram

__all__ = ["StreamedStepProgram", "own_rows"]


class StreamedStepProgram(StepProgram):
    """`StepProgram` that reads its batches; each step is one call, and its order is a batch of zeros."""

    position: Any = None
    """Position behind the last batch that was trained on, as a checkpoint keeps it."""

    def __init__(self, trainer: Trainer, feed: BatchSource, sharding: Sharding, *, skip_bad: bool = False):
        super().__init__(trainer, feed, sharding, skip_bad=skip_bad)
        assert feed.reads is not None, (
            "StreamedStepProgram needs a feed with a HostReader; StepProgram takes the others"
        )
        self._reads = feed.reads
        self.order = jax.jit(feed.order, out_shardings=sharding.data_sharded)
        self._ahead: Prefetcher | None = None
        self.seconds, self._waited, self._calls = 0.0, 0.0, 0  # in steps, and waiting in them

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """Runs the steps `first` to `last` - 1 on batches from the reader; fit and totals are consumed.

        Raises:
            Exception: Whatever the reader raised.
        """
        if self._ahead is None or self._ahead.next != first:
            self._ahead = self._begin(first, key)
        one = self.programs(fit, order, key).one
        began, waited = time.perf_counter(), 0.0
        for step in range(first, last):
            if not self._ahead.ready:
                jax.block_until_ready(totals)
                asked = time.perf_counter()
                taken = self._ahead.take()
                waited += time.perf_counter() - asked
            else:
                taken = self._ahead.take()
            fit, totals = self.run(one, fit, totals, self.arrays, taken.batch, jnp.int32(step), key)
            self.position = taken.position
        jax.block_until_ready(totals)
        self._calls += 1
        if self._calls > 1:  # the first one compiles
            self._waited, self.seconds = self._waited + waited, self.seconds + time.perf_counter() - began
            self.data_wait = self._waited / self.seconds
        return fit, totals

    def seek(self, position: Any) -> None:
        """Sets the position behind which a resumed run continues; called before its first step."""
        self.position = position

    def close(self) -> None:
        """Stops the threads; a later call starts to read again."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _begin(self, first: int, key: jax.Array) -> Prefetcher:
        self.close()
        if self.position is not None and self._reads.seek is not None:
            self._reads.seek(self.position)
        shapes = {name: leaf.shape for name, leaf in jax.eval_shape(self.feed.order, key).items()}
        send, shared = jax.make_array_from_process_local_data, self.sharding.data_sharded
        read = self._reads.batches(key, own_rows(shared, next(iter(shapes.values()))))

        threads = self._reads.threads

        def placed(step: int) -> HostBatch:
            batch, position = read(step)
            return HostBatch({name: send(shared, each, shapes[name]) for name, each in batch.items()}, position)

        return Prefetcher(placed, first, **({} if threads is None else {"threads": threads}))


def own_rows(sharding: ArraySharding, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the rows of an array of that shape that devices of this process hold, in order."""
    places = sharding.addressable_devices_indices_map(shape).values()
    slices = {index[0].indices(shape[0]) for index in places if index is not None}
    return np.concatenate([np.arange(*each) for each in sorted(slices)])
