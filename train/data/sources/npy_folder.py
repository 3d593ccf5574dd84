"""Arrays of your own: `x.npy` and `y.npy` in a folder, memory-mapped where they are larger than memory.

What the files hold decides which of six data sets they are: x of two, three or four axes is a table, sequences or
images; whole numbers in y are classes, others are values to predict.
"""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...errors import BadInput
from ..dataset import Dataset, Kind, Place, Source, Split
from ..options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "npy_name"]

_KINDS: dict[int, Kind] = {2: "table", 3: "sequence", 4: "image"}
_NAMES = {"table": "npy_table", "sequence": "npy_sequences", "image": "npy_images"}


def npy_name(folder: str) -> str:
    """The data set that the files of a folder are; their first lines are read, without numpy.

    Raises:
        BadInput: if there are no such files, or they hold what none of the data sets is.
    """
    place = _folder(folder)
    (x_type, x_shape), (y_type, _) = (_header(place / f"{name}.npy") for name in "xy")
    if len(x_shape) not in _KINDS or x_type[-2:-1] not in "buif":
        raise BadInput(
            f"{place / 'x.npy'} holds {x_type} of shape {x_shape}: expected numbers (examples, features), "
            "(examples, time, features) or (examples, height, width, channels)"
        )
    return _NAMES[_KINDS[len(x_shape)]] + ("_values" if y_type[-2:-1] == "f" else "")


def _npy(place: Place, folder: str, test_share: float, seed: int, wanted: str) -> Dataset:
    """Arrays of your own, from x.npy (examples, ...) and y.npy, as they are stored.

    With x_test.npy and y_test.npy beside them these are for testing; else a share of the examples is. The names of
    the classes may stand in classes.txt, a line each. More than `place.in_memory` bytes stay on the disk, but for y.

    Args:
        place: says how much memory they may take.
        folder: where the files lie.
        test_share: the share of the examples that is for testing, above 0 and below 1, where no files are.
        seed: parts them otherwise.
        wanted: the data set that it must be.
    """
    import numpy as np

    from ..split import train_val_split

    within("test_share", test_share, 0.001, 0.999)
    within("seed", seed, 0, 2**32 - 1)
    here, found = _folder(folder), npy_name(folder)
    if found != wanted:
        raise BadInput(f"--d.folder {folder} holds what is {found}: give --npy {folder} or --dataset {found}")
    maps = [_pair(here, end) for end in ("", "_test") if not end or (here / "x_test.npy").exists()]
    large = sum(x.nbytes for x, _ in maps) > place.in_memory
    parts = [Split(_kept(x, large), y) for x, y in maps]
    train, test = parts if len(parts) == 2 else train_val_split(parts[0], test_share, seed)
    if train.x.shape[1:] != test.x.shape[1:] or train.y.shape[1:] != test.y.shape[1:]:
        raise BadInput(f"{here}: x_test and y_test must have the shapes of x and y but for the first axis")
    if wanted.endswith("_values"):
        return Dataset(wanted, "regression", train, test, target="y", outputs=int(np.prod(train.y.shape[1:])))
    classes = _classes(here, max(int(part.y.max()) for part in parts))
    return Dataset(wanted, "multiclass", train, test, classes, outputs=len(classes))


def _folder(folder: str) -> Path:
    if not folder:
        raise BadInput("which arrays? Name the folder of x.npy and y.npy: --npy DIR")
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise BadInput(f"--d.folder {folder} is no folder" if path.exists() else f"--d.folder {folder}: not there")
    return path


def _header(path: Path) -> tuple[str, tuple[int, ...]]:
    """Type and shape of the array in a file, as numpy.lib.format describes it."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = int.from_bytes(file.read(2 if start[6:7] == b"\x01" else 4), "little")
            told = ast.literal_eval(file.read(min(size, 1 << 16)).decode("latin-1"))
        return str(told["descr"]), tuple(told["shape"])
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is no array that numpy.save wrote") from error


def _pair(folder: Path, end: str) -> "tuple[np.memmap, np.ndarray]":
    import numpy as np

    x, y = (_map(folder / f"{name}{end}.npy") for name in "xy")
    if len(x) != len(y):
        raise BadInput(f"{folder}: x{end}.npy has {len(x):,} examples and y{end}.npy {len(y):,}: expected as many")
    if len(x) < 1 or 0 in x.shape:
        raise BadInput(f"{folder / f'x{end}.npy'} is empty: it has shape {x.shape}")
    if y.dtype.kind == "f":
        y = np.array(y, np.float32)
        if y.ndim > 2 or not np.isfinite(y).all():
            raise BadInput(f"{folder / f'y{end}.npy'}: values must be finite numbers (examples,) or (examples, n)")
        return x, y
    if y.ndim != 1 or y.dtype.kind not in "bui" or y.min() < 0:
        raise BadInput(
            f"{folder / f'y{end}.npy'} holds {y.dtype} {y.shape}: expected classes, whole numbers from 0 on "
            "(examples,), or floats to predict"
        )
    if int(y.max()) >= 1 << 20:
        raise BadInput(f"{folder / f'y{end}.npy'}: class {y.max():,} is no class; number them from 0 on")
    return x, np.array(y, np.int32)


def _map(path: Path) -> "np.memmap":
    import numpy as np

    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise BadInput(f"{path} is no whole array that numpy.save wrote: {error}") from error


def _kept(x: "np.memmap", large: bool) -> "np.ndarray":
    import numpy as np

    from ..on_disk import MappedArray

    if large and not x.flags.c_contiguous:
        raise BadInput(f"{x.filename} is in Fortran order, its rows lie scattered: save np.ascontiguousarray of it")
    return cast("np.ndarray", MappedArray(x)) if large else np.array(x, x.dtype.newbyteorder("="))


def _classes(folder: Path, last: int) -> tuple[str, ...]:
    path = folder / "classes.txt"
    if not path.exists():
        return tuple(map(str, range(max(last + 1, 2))))
    names = tuple(path.read_text(encoding="utf-8").split("\n"))
    names = tuple(name.strip() for name in names if name.strip())
    if len(names) <= last:
        raise BadInput(f"{path} names {len(names)} classes, but y.npy has class {last}, counted from 0")
    return names


def _source(kind: Kind, values: bool) -> Source:
    name = _NAMES[kind] + "_values" * values

    def load(place: Place, *, folder: str = "", test_share: float = 0.2, seed: int = 0) -> Any:
        return _npy(place, folder, test_share, seed, name)

    load.__doc__ = _npy.__doc__
    about = f"{kind} arrays of yours with {'values to predict' if values else 'classes'} (--npy DIR)"
    return Source(name, about, kind, "regression" if values else "multiclass", (), 0, load)


SOURCES = (*(_source(kind, values) for kind in _KINDS.values() for values in (False, True)),)
