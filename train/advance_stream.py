"""Many steps of data that does not fit: while the device takes one, threads read the next batches and send them there.

What a step waits is counted from when the device has nothing more to do: a reader that is slower than the host, but
not than the device, costs nothing.
"""

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Sharding

from .advance import Advance
from .data.ahead import ReadAhead
from .feed import Taken

__all__ = ["AdvanceStream", "own_rows"]


class AdvanceStream(Advance):
    """`Advance`, whose feed reads batches; each step is a call. What stands for an order is a batch of zeros."""

    position: Any = None
    """What a checkpoint must know to go on behind the batch that was learned from last."""

    _ahead: ReadAhead | None = None
    _waited = _seconds = 0.0
    _calls = 0

    @property
    def data_wait(self) -> float | None:
        """The share of their time that steps waited for their batches; None as long as none was measured."""
        return self._waited / self._seconds if self._seconds else None

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """As of `Advance`, but the batches come from the disk.

        Raises:
            Exception: what was raised where they were read.
        """
        if self._ahead is None or self._ahead.next != first:
            self._ahead = self._begin(first, key)
        began, waited = time.perf_counter(), 0.0
        for step in range(first, last):
            if not self._ahead.ready:
                jax.block_until_ready(totals)
                asked = time.perf_counter()
                taken = self._ahead.take()
                waited += time.perf_counter() - asked
            else:
                taken = self._ahead.take()
            fit, totals = self._one(fit, totals, self.arrays, taken.batch, jnp.int32(step), key)
            self.position = taken.position
        jax.block_until_ready(totals)
        self._calls += 1
        if self._calls > 1:  # the first one compiles
            self._waited, self._seconds = self._waited + waited, self._seconds + time.perf_counter() - began
        return fit, totals

    def go_on(self, position: Any) -> None:
        """Before the first step of a resumed run: where it goes on."""
        self.position = position
        if self.feed.reads.go_on is not None:
            self.feed.reads.go_on(position)

    def close(self) -> None:
        """Ends the threads; a later call begins to read anew."""
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def one_step_a_call(self, fit: dict, totals: dict, order: Any, key: jax.Array) -> bool:
        """Always."""
        return True

    def _begin(self, first: int, key: jax.Array) -> ReadAhead:
        self.close()
        shapes = {name: leaf.shape for name, leaf in jax.eval_shape(self.feed.order, key).items()}
        rows = own_rows(self.shared, next(iter(shapes.values())))
        read, threads = self.feed.reads.batches(key, rows), self.feed.reads.threads

        def placed(step: int) -> Taken:
            batch, position = read(step)
            send = jax.make_array_from_process_local_data
            return Taken({name: send(self.shared, each, shapes[name]) for name, each in batch.items()}, position)

        return ReadAhead(placed, first, **({} if threads is None else {"threads": threads}))


def own_rows(sharding: Sharding, shape: tuple[int, ...]) -> np.ndarray:
    """The rows of an array of that shape that lie on devices of this process, in order."""
    slices = {index[0].indices(shape[0]) for index in sharding.addressable_devices_indices_map(shape).values()}
    return np.concatenate([np.arange(*each) for each in sorted(slices)])
