"""Examples that stay on the disk: they have the shape and length of an array, and rows are read on access.

Statistics of a large set, such as a scale or a fingerprint, are computed from evenly spaced rows. The size at which
this begins is the same for sets on the disk and in memory, so the results are the same as well.
"""

import math
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from .dataset import Dataset, Split
from .finite import check_finite
from .prefetch import prefetched

if TYPE_CHECKING:
    import numpy as np

__all__ = ["DiskArray", "MappedArray", "blocks", "resident", "sample", "subsample", "take"]

_SAMPLE = 1 << 26  # bytes of the rows that represent a set
_RESIDENT = 1 << 26  # values


class DiskArray:
    """Base class of examples that are read on access; subclasses implement `read` and `select`.

    Args:
        shape: shape of all examples as one array, (examples, ...).
        dtype: type of that array.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any):
        import numpy as np

        self.shape, self.dtype, self.ndim = shape, np.dtype(dtype), len(shape)

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """Reads the examples at some indices, (n, ...) of `dtype`. Called from several threads."""
        raise NotImplementedError

    def select(self, places: "np.ndarray | slice") -> "DiskArray":
        """Returns the examples at some indices without reading them."""
        raise NotImplementedError

    @property
    def size(self) -> int:
        """Number of values of all examples."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size in memory of all examples in bytes."""
        return self.dtype.itemsize * self.size

    @cached_property
    def sample(self) -> "np.ndarray":
        """Evenly spaced rows of the set, at most 64 MiB; read once."""
        return subsample(self, _SAMPLE // self.dtype.itemsize)[:]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: Any) -> "np.ndarray":
        import numpy as np

        if isinstance(which, int | np.integer):
            return self.read(np.array([which if which >= 0 else len(self) + which]))[0]
        return self.read(which if isinstance(which, slice) else _places(which))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray":
        raise TypeError(
            f"these {len(self):,} examples stay on the disk and are not an array: select some of them, as in x[:100]"
        )


class MappedArray(DiskArray):
    """Holds the rows of a NumPy array in a file, as `np.load(path, mmap_mode="r")` opens it.

    Rows are read from the file, not through the map: a page fault would block every Python thread, and mapped pages
    would count as memory of this process.

    Args:
        array: memory map of a whole file, in C order.
        dtype: type of the rows that are read; None keeps that of the file.
    """

    def __init__(self, array: "np.memmap", dtype: Any = None):
        super().__init__(array.shape, dtype or array.dtype.newbyteorder("="))
        self._path, self._offset, self._kind = str(array.filename), array.offset, array.dtype
        self._rows_of_file: np.ndarray | range = range(len(array))

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """Reads rows of the file, as `DiskArray.read`.

        Raises:
            BadInput: if a number is not finite, or the file has become shorter.
        """
        import numpy as np

        rows, each = self._rows(places), self._kind.itemsize * math.prod(self.shape[1:])
        found = np.empty(((len(rows),) if isinstance(rows, range) else rows.shape) + self.shape[1:], self._kind)
        view = found.reshape(-1).view(np.uint8).data
        with open(self._path, "rb", buffering=0) as file:  # one per call: every thread has its own position
            if isinstance(rows, range):
                self._fill(file, view, rows.start * each)
            else:
                for i, row in enumerate(rows.reshape(-1).tolist()):
                    self._fill(file, view[i * each : (i + 1) * each], row * each)
        check_finite(found.reshape(-1, *self.shape[1:]), self._path, np.ravel(rows).tolist())
        return found.astype(self.dtype, copy=False)

    def select(self, places: "np.ndarray | slice") -> "MappedArray":
        """Selects rows of the file, as `DiskArray.select`."""
        some = copy(self)
        some.__dict__.pop("sample", None)
        some._rows_of_file = self._rows(places)
        some.shape = (len(some._rows_of_file), *self.shape[1:])
        return some

    def _rows(self, places: "np.ndarray | slice") -> "np.ndarray | range":
        """Returns the rows of the file at some indices, as a range if they are consecutive."""
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
                raise BadInput(f"{self._path} has become shorter: it ends at byte {file.tell():,}")
            view = view[count:]


def take(x: Any, which: "np.ndarray | slice") -> Any:
    """Selects rows by a mask, a slice or indices; an array stays an array, a `DiskArray` a `DiskArray`."""
    if not isinstance(x, DiskArray):
        return x[which]
    return x.select(which if isinstance(which, slice) else _places(which))


def subsample(x: Any, most: int) -> Any:
    """Selects evenly spaced rows with at most `most` values; all if they have no more.

    >>> import numpy as np
    >>> subsample(np.arange(10), 4).tolist()
    [0, 3, 6, 9]
    """
    import numpy as np

    if x.size <= most:
        return x
    return take(x, np.linspace(0, len(x) - 1, max(1, most * len(x) // x.size)).astype(np.int64))


def sample(x: Any) -> "np.ndarray":
    """Returns the rows that represent a set: all up to 64 MiB, else as many evenly spaced ones as fit."""
    return x.sample if isinstance(x, DiskArray) else subsample(x, _SAMPLE // x.dtype.itemsize)


def blocks(x: Any, rows: int) -> "Iterator[np.ndarray]":
    """Yields all rows in order, `rows` at a time; the next rows of a `DiskArray` are prefetched."""
    if not isinstance(x, DiskArray):
        yield from (x[i : i + rows] for i in range(0, len(x), rows))
        return
    yield from prefetched(lambda i: x[i * rows : (i + 1) * rows], -(-len(x) // rows))


def resident(data: Dataset) -> Dataset:
    """Returns a data set whose examples are arrays in memory: of those on the disk, an evenly spaced subsample.

    For scores and pictures, which need examples of the data but not all.
    """
    return replace(data, train=_resident(data.train), test=_resident(data.test))


def _resident(split: Split) -> Split:
    import numpy as np

    if not isinstance(split.x, DiskArray):
        return split
    places = subsample(np.arange(len(split.x)), max(1, _RESIDENT * len(split.x) // split.x.size))
    return Split(split.x[places], split.y[places], None if split.lengths is None else split.lengths[places])


def _places(which: Any) -> "np.ndarray":
    import numpy as np

    which = np.asarray(which)
    return np.flatnonzero(which) if which.dtype == bool else which
