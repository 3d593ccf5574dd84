"""Reads IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, their sizes, the numbers.

Nothing is believed that the file does not bear out: sizes are checked before memory is taken, and no more is taken
than bytes are there. Source of the format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...errors import DataUnavailable

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_idx"]

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_CHUNK = 1 << 20


def read_idx(path: Path, shape: tuple[int, ...] | None = None, limit: int = 1 << 30) -> "np.ndarray":
    """The array in an IDX file, compressed by gzip or not.

    Args:
        path: the file; its content tells whether it is compressed, not its name.
        shape: what the array must have.
        limit: the most bytes that it may have.

    Raises:
        DataUnavailable: naming the file, what was expected and what was found.
    """
    try:
        with open(path, "rb") as file, _uncompressed(file) as stream:
            return _read(stream, shape, limit)
    except (OSError, EOFError, zlib.error, _Damaged) as error:
        advice = "Put a sound copy in its place; or delete it, and it is fetched again unless you are offline"
        raise DataUnavailable(f"{path} is not a sound IDX file: {error}. {advice}") from error


class _Damaged(Exception):
    pass


def _uncompressed(file: IO[bytes]) -> IO[bytes]:
    magic = file.read(2)
    file.seek(0)
    return gzip.open(file) if magic == b"\x1f\x8b" else file  # pyright: ignore[reportReturnType]


def _read(stream: IO[bytes], shape: tuple[int, ...] | None, limit: int) -> "np.ndarray":
    import numpy as np

    dtype, dims = _header(stream)
    if shape is not None and dims != shape:
        raise _Damaged(f"expected {_times(shape)} numbers, found {_times(dims)}")
    size = math.prod(dims) * np.dtype(dtype).itemsize
    if size > limit:
        raise _Damaged(f"its header promises {size:,} bytes, more than the {limit:,} that are read")
    body = _at_most(stream, size + 1)
    if len(body) != size:
        found = f"{len(body):,}" if len(body) < size else "more"
        raise _Damaged(f"expected {size:,} bytes after the header ({_times(dims)}), found {found}")
    array = np.frombuffer(body, dtype).reshape(dims)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _header(stream: IO[bytes]) -> tuple[str, tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not 1 <= magic[3] <= 8:
        raise _Damaged(
            f"expected it to begin with 00 00, a type and 1 to 8 dimensions, found {magic.hex(' ') or 'nothing'}"
        )
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise _Damaged(f"expected {magic[3]} sizes in its header, found {len(sizes)} bytes")
    return _TYPES[magic[2]], struct.unpack(f">{magic[3]}I", sizes)


def _at_most(stream: IO[bytes], count: int) -> bytearray:
    """Bit by bit: a reader that is asked for a gigabyte takes that memory before it looks whether it is there."""
    body = bytearray()
    while len(body) < count and (chunk := stream.read(min(_CHUNK, count - len(body)))):
        body += chunk
    return body


def _times(dims: tuple[int, ...]) -> str:
    return " x ".join(map(str, dims))
