"""The user's arrays: `x.npy` and `y.npy` in a folder, memory-mapped if they are larger than memory.

The headers of the files select one of six data sets: x with two, three or four axes is a table, sequences or images;
integers in y are classes, floats are values to predict. Task or data set, if given, decide instead of the type of y.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..array_kinds import KINDS, describe_examples
from ..dataset import Dataset, Kind, Place, Source, Split
from ..finite import check_finite
from ..formats.npy import npy_header, open_npy
from ..formats.utf8 import read_text
from ..targets import as_classes, as_values, counted, predict_numbers, told_classes

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NPY_NAMES", "SOURCES", "npy_name"]

_Share = Annotated[float, Bounds(0.001, 0.999)]
_AS_CLASSES = "if they are classes, --task multiclass"
_NAMES = {"table": "npy_table", "sequence": "npy_sequences", "image": "npy_images"}


def npy_name(folder: str, task: str = "") -> str:
    """Returns the name of the data set that the files of a folder form; reads their headers, without numpy.

    Args:
        folder: folder with x.npy and y.npy.
        task: task that decides what y holds; "": the type of y does.

    Raises:
        BadInput: if there are no such files, or they fit none of the data sets.
    """
    place = _folder(folder)
    x, y = (npy_header(place / f"{name}.npy") for name in "xy")
    if (place / "y_test.npy").exists() and not (place / "x_test.npy").exists():
        raise BadInput(f"{place} holds y_test.npy without x_test.npy: add x_test.npy, or remove y_test.npy")
    if len(x.shape) not in KINDS:
        raise BadInput(
            f"{place / 'x.npy'} holds {x.dtype} of shape {x.shape}: expected numbers (examples, features), "
            "(examples, time, features) or (examples, height, width, channels)"
        )
    return _NAMES[KINDS[len(x.shape)]] + "_values" * (not told_classes(task, y.kind))


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

    here, values = _folder(folder), expected.endswith("_values")
    found = npy_name(folder, "regression" if values else "multiclass")
    if found != expected:
        raise BadInput(
            f"--d.folder {folder} holds the data set {found}, not {expected}: use --npy {folder} or --dataset {found}"
        )
    ends = [end for end in ("", "_test") if not end or (here / "x_test.npy").exists()]
    if len(ends) == 2 and not (here / "y_test.npy").exists():
        raise BadInput(f"{here} has x_test.npy without y_test.npy: save the targets of the test examples, too")
    maps = [_pair(here, end) for end in ends]
    large = sum(x.nbytes for x, _ in maps) > place.in_memory
    for x, _ in () if large else maps:  # rows that stay on the disk are checked as they are read
        check_finite(x, str(x.filename))
    if len({y.dtype.kind == "f" for _, y in maps}) > 1:
        raise BadInput(
            f"{here}: one of y.npy and y_test.npy holds integers (classes), the other floats (values): save both alike"
        )
    targets = [_targets(y, here / f"y{end}.npy", expected) for (_, y), end in zip(maps, ends, strict=True)]
    parts = [Split(_kept(x, large), y) for (x, _), y in zip(maps, targets, strict=True)]
    if len(parts) == 1 and len(parts[0].y) < 2:
        raise BadInput(f"{here / 'x.npy'} has 1 example: add others, or x_test.npy and y_test.npy")
    train, test = parts if len(parts) == 2 else train_val_split(parts[0], test_share, seed)
    if train.x.shape[1:] != test.x.shape[1:] or train.y.shape[1:] != test.y.shape[1:]:
        raise BadInput(f"{here}: x_test and y_test must have the shapes of x and y except for the first axis")
    notes = (
        f"{here / 'x.npy'}: {describe_examples(maps[0][0].shape)}",
        f"{here / 'y.npy'}: {counted(maps[0][1], targets[0], predict_numbers(expected), _AS_CLASSES)}",
    )
    if values:
        outputs = int(np.prod(train.y.shape[1:]))
        return Dataset(expected, "regression", train, test, target="y", outputs=outputs, notes=notes)
    classes = _classes(here, targets)
    return Dataset(expected, "multiclass", train, test, classes, outputs=len(classes), notes=notes)


def _targets(y: "np.ndarray", path: Path, expected: str) -> "np.ndarray":
    """Returns the targets of a file as the data set takes them: classes, or numbers to predict."""
    check_finite(y, str(path))
    if expected.endswith("_values"):
        return as_values(y, str(path))
    return as_classes(y, str(path), f"to predict numbers, {predict_numbers(expected)}")


def _folder(folder: str) -> Path:
    if not folder:
        raise BadInput("the folder of x.npy and y.npy is missing: add --npy DIR")
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise BadInput(
            f"--d.folder {folder} is not a folder" if path.exists() else f"--d.folder {folder} does not exist"
        )
    return path


def _pair(folder: Path, end: str) -> "tuple[np.memmap, np.ndarray]":
    """Returns x as a memory map and y as an array of the machine's byte order."""
    import numpy as np

    x, y = (open_npy(folder / f"{name}{end}.npy") for name in "xy")
    for name, each in (("x", x), ("y", y)):
        if not each.ndim:
            raise BadInput(f"{folder / f'{name}{end}.npy'} is no list of examples: it has shape {each.shape}")
    if len(x) != len(y):
        raise BadInput(
            f"{folder}: x{end}.npy has {len(x):,} examples and y{end}.npy {len(y):,}: the numbers must be equal"
        )
    return x, np.array(y, y.dtype.newbyteorder("="))


def _kept(x: "np.memmap", large: bool) -> "np.ndarray":
    import numpy as np

    from ..on_disk import MappedArray

    if large and not x.flags.c_contiguous:
        raise BadInput(
            f"{x.filename} is in Fortran order, in which rows are not contiguous: save np.ascontiguousarray of it"
        )
    return cast("np.ndarray", MappedArray(x)) if large else np.array(x, x.dtype.newbyteorder("="))


def _classes(folder: Path, targets: "list[np.ndarray]") -> tuple[str, ...]:
    """Returns the names of the classes: of classes.txt, else their numbers."""
    path = folder / "classes.txt"
    first, last = (int(pick(pick(y) for y in targets)) for pick in (min, max))
    if not path.exists():
        if first > 0:
            raise BadInput(
                f"{folder / 'y.npy'} has no class 0, the least is {first}: number the classes from 0, as with "
                "np.unique(y, return_inverse=True)[1], or name all of them in classes.txt; to predict numbers, "
                f"{predict_numbers('npy_table')}"
            )
        return tuple(map(str, range(max(last + 1, 2))))
    names = tuple(line.strip() for line in re.split(r"[\r\n]", read_text(path, str(path))) if line.strip())
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise BadInput(f"{path} lists {twice!r} twice: give every class a name of its own, one per line")
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


SOURCES = (*(_source(kind, values) for kind in KINDS.values() for values in (False, True)),)
NPY_NAMES = tuple(each.name for each in SOURCES)
"""Names of the data sets."""
