"""Prefetching: threads read the next items while the previous ones are used."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["Prefetcher", "prefetched"]

_THREADS = min(8, 2 * (os.cpu_count() or 1))  # half of them wait for the disk while the others decode


class Prefetcher:
    """Calls `read(first)`, `read(first + 1)`, ... in threads and returns the results in that order.

    Nothing is read before the first `take`, and at most `depth` results are ahead of the last one taken.

    Args:
        read: function of an index, called from several threads at once unless `threads` is 1.
        first: first index.
        end: index after the last one; None reads without end.
        threads: number of threads.
        depth: number of results that are ready or being read; None: the number of threads plus one.

    >>> ahead = Prefetcher(lambda i: i * i, first=2)
    >>> ahead.take(), ahead.take(), ahead.next
    (4, 9, 4)
    >>> ahead.close()
    """

    def __init__(
        self,
        read: Callable[[int], Any],
        first: int = 0,
        end: int | None = None,
        *,
        threads: int = _THREADS,
        depth: int | None = None,
    ):
        self.next, self._read, self._end = first, read, end
        self._next_read, self._depth = first, depth or threads + 1
        self._pending: deque[Future] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="zoo-reader")

    @property
    def ready(self) -> bool:
        """True if `take` would return without waiting."""
        self._submit()
        return bool(self._pending) and self._pending[0].done()

    def take(self) -> Any:
        """Returns the next result, and waits for it if necessary.

        Raises:
            StopIteration: if the last result was taken.
            Exception: whatever `read` raised for this result.
        """
        self._submit()
        if not self._pending:
            raise StopIteration
        found = self._pending.popleft().result()
        self.next += 1
        self._submit()
        return found

    def close(self) -> None:
        """Ends the threads after their current reads; results that were not taken are lost."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> "Prefetcher":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _submit(self) -> None:
        while len(self._pending) < self._depth and (self._end is None or self._next_read < self._end):
            self._pending.append(self._pool.submit(self._read, self._next_read))
            self._next_read += 1


def prefetched(read: Callable[[int], Any], count: int) -> Iterator[Any]:
    """Yields `read(0)` to `read(count - 1)`, prefetched.

    >>> list(prefetched(str, 3))
    ['0', '1', '2']
    """
    with Prefetcher(read, end=count) as ahead:
        for _ in range(count):
            yield ahead.take()
