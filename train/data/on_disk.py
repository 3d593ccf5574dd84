"""Examples that stay on the disk: they have a shape and a length like an array, and are read a few at a time.

What is asked of a whole set that may be large, a scale or a fingerprint, is asked of rows spread evenly over it. By
which size that begins does not depend on where the set lies, so that the answers do not, either.
"""

import math
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from .prefetch import prefetched

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DiskArray", "MappedArray", "blocks", "sample", "subsample", "take"]

_SAMPLE = 1 << 26  # bytes that stand for a set


class DiskArray:
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

    def chosen(self, places: "np.ndarray | slice") -> "DiskArray":
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
        return subsample(self, _SAMPLE // self.dtype.itemsize)[:]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: Any) -> "np.ndarray":
        import numpy as np

        if isinstance(which, int | np.integer):
            return self.read(np.array([which if which >= 0 else len(self) + which]))[0]
        return self.read(which if isinstance(which, slice) else _places(which))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray":
        raise TypeError(f"these {len(self):,} examples stay on the disk, they are no array: take some of them, x[:100]")


class MappedArray(DiskArray):
    """The rows of a NumPy array in a file, as `np.load(path, mmap_mode="r")` finds it.

    They are read, not touched in the map: a page that is not there would hold up all of Python, and the pages that
    are would count as this process's memory.

    Args:
        array: a memory map of a whole file, in C order.
        dtype: what its numbers become when they are read; None: what they are.
    """

    def __init__(self, array: "np.memmap", dtype: Any = None):
        super().__init__(array.shape, dtype or array.dtype.newbyteorder("="))
        self._path, self._offset, self._kind = str(array.filename), array.offset, array.dtype
        self._rows_of_file: np.ndarray | range = range(len(array))

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """As `DiskArray.read`."""
        import numpy as np

        rows, each = self._rows(places), self._kind.itemsize * math.prod(self.shape[1:])
        found = np.empty(((len(rows),) if isinstance(rows, range) else rows.shape) + self.shape[1:], self._kind)
        view = found.reshape(-1).view(np.uint8).data
        with open(self._path, "rb", buffering=0) as file:  # of its own: every thread stands at another place
            if isinstance(rows, range):
                self._fill(file, view, rows.start * each)
            else:
                for i, row in enumerate(rows.reshape(-1).tolist()):
                    self._fill(file, view[i * each : (i + 1) * each], row * each)
        return found.astype(self.dtype, copy=False)

    def chosen(self, places: "np.ndarray | slice") -> "MappedArray":
        """As `DiskArray.chosen`."""
        some = copy(self)
        some.__dict__.pop("sample", None)
        some._rows_of_file = self._rows(places)
        some.shape = (len(some._rows_of_file), *self.shape[1:])
        return some

    def _rows(self, places: "np.ndarray | slice") -> "np.ndarray | range":
        """Which rows of the file these places are: a range if they stand one after another."""
        import numpy as np

        own = self._rows_of_file
        if not isinstance(own, range):
            return own[places]
        if not isinstance(places, slice):
            return places + own.start
        rows = own[places]
        return rows if rows.step == 1 else np.array(rows, np.int64)

    def _fill(self, file: Any, view: memoryview, begin: int) -> None:
        file.seek(self._offset + begin)
        while len(view):
            count = file.readinto(view)
            if not count:
                raise BadInput(f"{self._path} is shorter than it was: it ends at byte {file.tell():,}")
            view = view[count:]


def take(x: Any, which: "np.ndarray | slice") -> Any:
    """The rows that a mask, a slice or whole numbers choose: of an array or of `DiskArray`, which stay such."""
    if not isinstance(x, DiskArray):
        return x[which]
    return x.chosen(which if isinstance(which, slice) else _places(which))


def subsample(x: Any, most: int) -> Any:
    """As many rows, spread evenly, as have so many numbers at most; all if they have no more.

    >>> import numpy as np
    >>> subsample(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    import numpy as np

    if x.size <= most:
        return x
    return take(x, np.linspace(0, len(x) - 1, max(1, most * len(x) // x.size)).astype(np.int64))


def sample(x: Any) -> "np.ndarray":
    """Rows that stand for a set: all of them up to 64 MiB, else as many as fit into those, spread evenly."""
    return x.sample if isinstance(x, DiskArray) else subsample(x, _SAMPLE // x.dtype.itemsize)


def blocks(x: Any, rows: int) -> "Iterator[np.ndarray]":
    """All rows in order, so many at a time; of `DiskArray` the next are read meanwhile."""
    if not isinstance(x, DiskArray):
        yield from (x[i : i + rows] for i in range(0, len(x), rows))
        return
    yield from prefetched(lambda i: x[i * rows : (i + 1) * rows], -(-len(x) // rows))


def _places(which: Any) -> "np.ndarray":
    import numpy as np

    which = np.asarray(which)
    return np.flatnonzero(which) if which.dtype == bool else which
