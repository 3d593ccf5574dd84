"""Opens .npy files of numbers as memory maps, after a check of the header, and never unpickles.

The header is parsed here and not by numpy, for two reasons: the command line reads it before numpy is imported, and a
damaged one must end in one line. Source of the format: numpy.lib.format.
"""

import ast
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...errors import BadInput
from ...files import check_regular

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NpyHeader", "npy_header", "open_npy"]

_MAGIC = b"\x93NUMPY"
_MOST = 1 << 16  # bytes of a header
_TYPES = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")


class NpyHeader(NamedTuple):
    """Holds the header of a .npy file.

    Attributes:
        dtype: type of the numbers, as in `<f8`.
        shape: shape of the array.
        fortran: whether its columns, not its rows, are contiguous.
        offset: place of the first number, in bytes.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    offset: int

    @property
    def kind(self) -> str:
        """Kind of the numbers: b (booleans), i or u (integers), f (floats)."""
        return self.dtype.lstrip("<>|=")[0]


def npy_header(path: Path) -> NpyHeader:
    """Reads the header of a .npy file, without numpy.

    Raises:
        BadInput: if the file cannot be read, is not a complete .npy file, or holds something else than booleans,
            integers or floats of at most 64 bits.
    """
    check_regular(path)
    try:
        with path.open("rb") as file:
            header = _parsed(path, file)
            held = path.stat().st_size - header.offset
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    size = math.prod(header.shape) * int(header.dtype[-1])
    if held < size:
        raise BadInput(
            f"{path} is not a complete array that numpy.save wrote: its header declares {size:,} bytes of numbers, the "
            f"file has {max(held, 0):,}"
        )
    if held > size:
        raise BadInput(
            f"{path} has {held - size:,} bytes beyond its array, as a second numpy.save into one file leaves: save all "
            "examples as one array"
        )
    return header


def open_npy(path: Path) -> "np.memmap":
    """Maps the numbers of a .npy file, in the byte order and the order of axes of the file.

    Raises:
        BadInput: as `npy_header`, or if the array is empty.
    """
    import numpy as np

    header = npy_header(path)
    if 0 in header.shape:
        raise BadInput(f"{path} is empty: it has shape {header.shape}")
    order = "F" if header.fortran else "C"
    try:
        return np.memmap(path, header.dtype, "r", header.offset, header.shape, order)
    except (OSError, ValueError, OverflowError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def _parsed(path: Path, file) -> NpyHeader:
    start = file.read(8)
    size = int.from_bytes(file.read(2 if start[6:7] == b"\x01" else 4), "little")
    try:
        if start[:6] != _MAGIC or size > _MOST:
            raise ValueError("no header")
        header = ast.literal_eval(file.read(size).decode("latin-1").strip())
        shape, fortran, dtype = tuple(header["shape"]), header["fortran_order"], header["descr"]
        if len(shape) > 32 or not all(type(each) is int and 0 <= each < 1 << 62 for each in shape):
            raise ValueError("no shape")
    except (ValueError, SyntaxError, LookupError, TypeError, RecursionError, MemoryError) as error:
        raise BadInput(f"{path} is not an array that numpy.save wrote") from error
    if not isinstance(dtype, str) or not _TYPES.fullmatch(dtype):
        raise BadInput(
            f"{path} holds {dtype if isinstance(dtype, str) else 'fields'} of shape {shape}, expected numbers: "
            'booleans, integers or floats of at most 64 bits, as array.astype("float64")'
        )
    return NpyHeader(dtype, shape, bool(fortran), file.tell())
