"""The user's arrays: `x.npy` and `y.npy` in a folder, memory-mapped if they are larger than memory.

The contents of the files select one of six data sets: x with two, three or four axes is a table, sequences or images;
integers in y are classes, other numbers values to predict.
"""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Kind, Place, Source, Split
from ..finite import check_finite

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "npy_name"]

_Share = Annotated[float, Bounds(0.001, 0.999)]
_KINDS: dict[int, Kind] = {2: "table", 3: "sequence", 4: "image"}
_NAMES = {"table": "npy_table", "sequence": "npy_sequences", "image": "npy_images"}


def npy_name(folder: str) -> str:
    """Returns the name of the data set that the files of a folder form; reads their headers, without numpy.

    Raises:
        BadInput: if there are no such files, or they fit none of the data sets.
    """
    place = _folder(folder)
    (x_type, x_shape), (y_type, _) = (_header(place / f"{name}.npy") for name in "xy")
    if (place / "y_test.npy").exists() and not (place / "x_test.npy").exists():
        raise BadInput(f"{place} holds y_test.npy without x_test.npy: add x_test.npy, or remove y_test.npy")
    if len(x_shape) not in _KINDS or x_type[-2:-1] not in "buif":
        raise BadInput(
            f"{place / 'x.npy'} holds {x_type} of shape {x_shape}: expected numbers (examples, features), "
            "(examples, time, features) or (examples, height, width, channels)"
        )
    return _NAMES[_KINDS[len(x_shape)]] + ("_values" if y_type[-2:-1] == "f" else "")


def _load(place: Place, folder: str, test_share: float, seed: int, expected: str) -> Dataset:
    """Loads the user's arrays from x.npy (examples, ...) and y.npy, as they are stored.

    The test split is x_test.npy and y_test.npy if they exist, else a fraction of the examples. An optional classes.txt
    holds the names of the classes, one per line. An x of more than `place.in_memory` bytes stays on the disk.

    Args:
        place: limit of the memory.
        folder: folder with x.npy and y.npy.
        test_share: fraction of the examples for testing, above 0 and below 1; unused if x_test.npy exists.
        seed: seed of the random split.
        expected: name of the data set that the files must form.
    """
    import numpy as np

    from ..split import train_val_split

    here, found = _folder(folder), npy_name(folder)
    if found != expected:
        raise BadInput(
            f"--d.folder {folder} holds the data set {found}, not {expected}: use --npy {folder} or --dataset {found}"
        )
    maps = [_pair(here, end) for end in ("", "_test") if not end or (here / "x_test.npy").exists()]
    large = sum(x.nbytes for x, _ in maps) > place.in_memory
    for x, _ in () if large else maps:  # rows that stay on the disk are checked as they are read
        check_finite(x, str(x.filename))
    parts = [Split(_kept(x, large), y) for x, y in maps]
    train, test = parts if len(parts) == 2 else train_val_split(parts[0], test_share, seed)
    if train.x.shape[1:] != test.x.shape[1:] or train.y.shape[1:] != test.y.shape[1:]:
        raise BadInput(f"{here}: x_test and y_test must have the shapes of x and y except for the first axis")
    if train.y.dtype.kind != test.y.dtype.kind:
        raise BadInput(
            f"{here}: one of y.npy and y_test.npy holds integers (classes), the other floats (values): save both alike"
        )
    if expected.endswith("_values"):
        return Dataset(expected, "regression", train, test, target="y", outputs=int(np.prod(train.y.shape[1:])))
    if min(int(part.y.min()) for part in parts) > 0 and not (here / "classes.txt").exists():
        raise BadInput(
            f"{here / 'y.npy'} has no class 0, the least is {min(int(part.y.min()) for part in parts)}: number the "
            "classes from 0, as with y - y.min(), or name all of them in classes.txt; save floats to predict values"
        )
    classes = _classes(here, max(int(part.y.max()) for part in parts))
    return Dataset(expected, "multiclass", train, test, classes, outputs=len(classes))


def _folder(folder: str) -> Path:
    if not folder:
        raise BadInput("the folder of x.npy and y.npy is missing: add --npy DIR")
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise BadInput(
            f"--d.folder {folder} is not a folder" if path.exists() else f"--d.folder {folder} does not exist"
        )
    return path


def _header(path: Path) -> tuple[str, tuple[int, ...]]:
    """Returns type and shape of the array in a file, from the header that numpy.lib.format defines."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = int.from_bytes(file.read(2 if start[6:7] == b"\x01" else 4), "little")
            header = ast.literal_eval(file.read(min(size, 1 << 16)).decode("latin-1"))
        return str(header["descr"]), tuple(header["shape"])
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise BadInput(f"{path} is not an array that numpy.save wrote") from error


def _pair(folder: Path, end: str) -> "tuple[np.memmap, np.ndarray]":
    import numpy as np

    x, y = (_map(folder / f"{name}{end}.npy") for name in "xy")
    if len(x) != len(y):
        raise BadInput(
            f"{folder}: x{end}.npy has {len(x):,} examples and y{end}.npy {len(y):,}: the numbers must be equal"
        )
    if len(x) < 1 or 0 in x.shape:
        raise BadInput(f"{folder / f'x{end}.npy'} is empty: it has shape {x.shape}")
    if y.dtype.kind == "f":
        y = np.array(y, y.dtype.newbyteorder("="))
        if y.ndim > 2:
            raise BadInput(f"{folder / f'y{end}.npy'}: values must be finite numbers (examples,) or (examples, n)")
        check_finite(y, str(folder / f"y{end}.npy"))
        return x, y
    if y.ndim != 1 or y.dtype.kind not in "bui" or y.min() < 0:
        raise BadInput(
            f"{folder / f'y{end}.npy'} holds {y.dtype} {y.shape}: expected classes, integers from 0 "
            "(examples,), or floats to predict"
        )
    if int(y.max()) >= 1 << 20:
        raise BadInput(f"{folder / f'y{end}.npy'}: class {y.max():,} is too large; number the classes from 0")
    return x, np.array(y, np.int32)


def _map(path: Path) -> "np.memmap":
    import numpy as np

    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise BadInput(f"{path} is not a complete array that numpy.save wrote: {error}") from error


def _kept(x: "np.memmap", large: bool) -> "np.ndarray":
    import numpy as np

    from ..on_disk import MappedArray

    if large and not x.flags.c_contiguous:
        raise BadInput(
            f"{x.filename} is in Fortran order, in which rows are not contiguous: save np.ascontiguousarray of it"
        )
    return cast("np.ndarray", MappedArray(x)) if large else np.array(x, x.dtype.newbyteorder("="))


def _classes(folder: Path, last: int) -> tuple[str, ...]:
    path = folder / "classes.txt"
    if not path.exists():
        return tuple(map(str, range(max(last + 1, 2))))
    names = tuple(path.read_text(encoding="utf-8").split("\n"))
    names = tuple(name.strip() for name in names if name.strip())
    if len(names) <= last:
        raise BadInput(
            f"{path} lists {len(names)} classes, but y.npy has class {last}, counted from 0: add the missing names"
        )
    return names


def _source(kind: Kind, values: bool) -> Source:
    name = _NAMES[kind] + "_values" * values

    def load(place: Place, *, folder: str = "", test_share: _Share = 0.2, seed: Seed = 0) -> Any:
        return _load(place, folder, test_share, seed, name)

    load.__doc__ = _load.__doc__
    about = f"{kind} arrays of a folder with {'values to predict' if values else 'classes'} (--npy DIR)"
    return Source(name, about, kind, "regression" if values else "multiclass", (), 0, load)


SOURCES = (*(_source(kind, values) for kind in _KINDS.values() for values in (False, True)),)
