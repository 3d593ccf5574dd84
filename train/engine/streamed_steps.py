"""Many steps of data that does not fit: while the device takes one, threads read the next batches and send them there.

What a step waits is counted from when the device has nothing more to do: a reader that is slower than the host, but
not than the device, costs nothing.
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
    """`StepProgram`, whose feed reads batches; each step is a call. What stands for an order is a batch of zeros."""

    position: Any = None
    """What a checkpoint must know to go on behind the batch that was learned from last."""

    def __init__(self, trainer: Trainer, feed: BatchSource, placement: Sharding, *, skip_bad: bool = False):
        super().__init__(trainer, feed, placement, skip_bad=skip_bad)
        assert feed.reads is not None, "AdvanceStream wants a feed that reads; Advance takes the others"
        self._reads = feed.reads
        self.order = jax.jit(feed.order, out_shardings=placement.shared)
        self._ahead: Prefetcher | None = None
        self.seconds, self._waited, self._calls = 0.0, 0.0, 0  # of the steps, and of waiting in them

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """As of `StepProgram`, but the batches come from the disk.

        Raises:
            Exception: what was raised where they were read.
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

    def go_on(self, position: Any) -> None:
        """Before the first step of a resumed run: where it goes on."""
        self.position = position

    def close(self) -> None:
        """Ends the threads; a later call begins to read anew."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _begin(self, first: int, key: jax.Array) -> Prefetcher:
        self.close()
        if self.position is not None and self._reads.go_on is not None:
            self._reads.go_on(self.position)
        shapes = {name: leaf.shape for name, leaf in jax.eval_shape(self.feed.order, key).items()}
        send, shared = jax.make_array_from_process_local_data, self.placement.shared
        read = self._reads.batches(key, own_rows(shared, next(iter(shapes.values()))))

        threads = self._reads.threads

        def placed(step: int) -> HostBatch:
            batch, position = read(step)
            return HostBatch({name: send(shared, each, shapes[name]) for name, each in batch.items()}, position)

        return Prefetcher(placed, first, **({} if threads is None else {"threads": threads}))


def own_rows(sharding: ArraySharding, shape: tuple[int, ...]) -> np.ndarray:
    """The rows of an array of that shape that lie on devices of this process, in order."""
    places = sharding.addressable_devices_indices_map(shape).values()
    slices = {index[0].indices(shape[0]) for index in places if index is not None}
    return np.concatenate([np.arange(*each) for each in sorted(slices)])
