"""Reading ahead: threads fetch what will be wanted next while what they fetched before is used."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["Prefetcher", "prefetched"]

_THREADS = min(8, 2 * (os.cpu_count() or 1))  # half of them wait for the disk while the others unpack


class Prefetcher:
    """Calls `read(first)`, `read(first + 1)`, ... from threads, and hands out what they gave in that order.

    Nothing is read before the first `take`, and never more than `depth` ahead of what was taken.

    Args:
        read: called from several threads at once, unless `threads` is 1.
        first: the first number.
        end: the number after the last one; None reads on for ever.
        threads: how many read.
        depth: how many results may lie ready or be under way; None: one more than there are threads.

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
        self._asked, self._depth = first, depth or threads + 1
        self._under_way: deque[Future] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="zoo-reader")

    @property
    def ready(self) -> bool:
        """Whether `take` would not wait."""
        self._ask()
        return bool(self._under_way) and self._under_way[0].done()

    def take(self) -> Any:
        """The next result, waited for if need be.

        Raises:
            StopIteration: if there is none: the last one was taken.
            Exception: what `read` raised for it.
        """
        self._ask()
        if not self._under_way:
            raise StopIteration
        found = self._under_way.popleft().result()
        self.next += 1
        self._ask()
        return found

    def close(self) -> None:
        """Ends the threads, once what they are reading is read; what was not taken is lost."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> "Prefetcher":
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def _ask(self) -> None:
        while len(self._under_way) < self._depth and (self._end is None or self._asked < self._end):
            self._under_way.append(self._pool.submit(self._read, self._asked))
            self._asked += 1


def prefetched(read: Callable[[int], Any], count: int) -> Iterator[Any]:
    """`read(0)` to `read(count - 1)`, each read ahead.

    >>> list(prefetched(str, 3))
    ['0', '1', '2']
    """
    with Prefetcher(read, end=count) as ahead:
        for _ in range(count):
            yield ahead.take()
