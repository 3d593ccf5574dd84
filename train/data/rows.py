"""Examples that stay on the disk: they have a shape and a length like an array, and are read a few at a time.

What is asked of a whole set that may be large, a scale or a fingerprint, is asked of rows spread evenly over it. By
which size that begins does not depend on where the set lies, so that the answers do not, either.
"""

import math
import mmap
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .ahead import in_order

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Mapped", "Rows", "blocks", "only", "sample", "thinned"]

_SAMPLE = 1 << 26  # bytes that stand for a set


class Rows:
    """Base of what reads examples when they are wanted; a sub-class says how, by `read` and `chosen`.

    Args:
        shape: (examples, ...), as of the array that all of them would make.
        dtype: likewise.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any):
        import numpy as np

        self.shape, self.dtype, self.ndim = shape, np.dtype(dtype), len(shape)

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """The examples at these places, (n, ...) of `dtype`. Called from several threads."""
        raise NotImplementedError

    def chosen(self, places: "np.ndarray | slice") -> "Rows":
        """The same examples, but only those at these places; none is read."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """How many numbers they are."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """What all of them would take in memory."""
        return self.dtype.itemsize * self.size

    @cached_property
    def sample(self) -> "np.ndarray":
        """Rows spread evenly over the set, 64 MiB at most; read once."""
        return thinned(self, _SAMPLE // self.dtype.itemsize)[:]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: Any) -> "np.ndarray":
        import numpy as np

        if isinstance(which, int | np.integer):
            return self.read(np.array([which if which >= 0 else len(self) + which]))[0]
        return self.read(which if isinstance(which, slice) else _places(which))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray":
        raise TypeError(f"these {len(self):,} examples stay on the disk, they are no array: take some of them, x[:100]")


class Mapped(Rows):
    """The rows of a NumPy array on the disk.

    Args:
        array: a memory map.
        places: which of its rows; None: all.
        dtype: what they become when they are read; None: what they are.
    """

    def __init__(self, array: "np.ndarray", places: "np.ndarray | None" = None, dtype: Any = None):
        count = len(array) if places is None else len(places)
        super().__init__((count, *array.shape[1:]), dtype or array.dtype)
        self._array, self._places = array, places

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """As `Rows.read`."""
        import numpy as np

        found = np.array(self._array[places if self._places is None else self._places[places]], self.dtype)
        _let_go(self._array)
        return found

    def chosen(self, places: "np.ndarray | slice") -> "Mapped":
        """As `Rows.chosen`."""
        if self._places is not None:
            return Mapped(self._array, self._places[places], self.dtype)
        if isinstance(places, slice):
            return Mapped(self._array[places], None, self.dtype)
        return Mapped(self._array, places, self.dtype)


def only(x: Any, which: "np.ndarray | slice") -> Any:
    """The rows that a mask, a slice or whole numbers choose: of an array or of `Rows`, which stay such."""
    if not isinstance(x, Rows):
        return x[which]
    return x.chosen(which if isinstance(which, slice) else _places(which))


def thinned(x: Any, most: int) -> Any:
    """As many rows, spread evenly, as have so many numbers at most; all if they have no more.

    >>> import numpy as np
    >>> thinned(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    import numpy as np

    if x.size <= most:
        return x
    return only(x, np.linspace(0, len(x) - 1, max(1, most * len(x) // x.size)).astype(np.int64))


def sample(x: Any) -> "np.ndarray":
    """Rows that stand for a set: all of them up to 64 MiB, else as many as fit into those, spread evenly."""
    return x.sample if isinstance(x, Rows) else thinned(x, _SAMPLE // x.dtype.itemsize)


def blocks(x: Any, rows: int) -> "Iterator[np.ndarray]":
    """All rows in order, so many at a time; of `Rows` the next are read meanwhile."""
    if not isinstance(x, Rows):
        yield from (x[i : i + rows] for i in range(0, len(x), rows))
        return
    yield from in_order(lambda i: x[i * rows : (i + 1) * rows], -(-len(x) // rows))


def _let_go(array: Any) -> None:
    """Gives the pages of a map back: touched ones count as this process's memory until the system wants them."""
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    if array is not None and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


def _places(which: Any) -> "np.ndarray":
    import numpy as np

    which = np.asarray(which)
    return np.flatnonzero(which) if which.dtype == bool else which
