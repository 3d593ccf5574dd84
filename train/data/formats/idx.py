"""Reads IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, their sizes, the numbers.

Sizes are checked before memory is allocated, and no more is allocated than the file has bytes. Source of the format:
LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ...errors import DataUnavailable
from ...files import check_regular

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_idx"]

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_CHUNK = 1 << 20


def read_idx(path: Path, shape: tuple[int, ...] | None = None, limit: int = 1 << 30) -> "np.ndarray":
    """Reads the array of an IDX file, compressed by gzip or not.

    Args:
        path: path of the file; compression is detected from its content.
        shape: expected shape; None accepts any.
        limit: maximal size of the array in bytes.

    Raises:
        DataUnavailable: if the file cannot be read or differs from what is expected.
    """
    check_regular(path)
    try:
        with open(path, "rb") as file, _uncompressed(file) as stream:
            return _read(stream, shape, limit)
    except (OSError, EOFError, zlib.error, _Damaged) as error:
        advice = "Replace the file; or delete it, and it is downloaded again unless --offline is set"
        raise DataUnavailable(f"{path} is not a valid IDX file: {error}. {advice}") from error


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
        raise _Damaged(f"its header declares {size:,} bytes, more than the limit of {limit:,}")
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
    """Reads in chunks: one large read would allocate its size before it finds the end of the file."""
    body = bytearray()
    while len(body) < count and (chunk := stream.read(min(_CHUNK, count - len(body)))):
        body += chunk
    return body


def _times(dims: tuple[int, ...]) -> str:
    return " x ".join(map(str, dims))
