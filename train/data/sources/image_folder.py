"""A folder of pictures of your own; where it has sub-folders, they are the classes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...errors import BadInput
from ..dataset import Dataset, Place, Source, Split
from ..formats.image import ENDINGS, read_picture
from ..formats.image_rows import ImageFiles
from ..options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "images"]


def images(
    place: Place, *, folder: str = "", size: int = 0, grey: bool = False, test_share: float = 0.2, seed: int = 0
) -> Dataset:
    """The PNG and JPEG pictures of a folder, uint8 (N, height, width, 3), or (N, height, width, 1) in grey.

    More than `place.in_memory` bytes of them stay in their files, and are read while the run goes.

    Args:
        place: says how much memory they may take.
        folder: where they lie, all in it or all in sub-folders of it, one a class.
        size: cut each to a square and scale it to so many pixels a side; 0 takes them as they are, all of one size.
        grey: without their colours.
        test_share: the share of them that is for testing, above 0 and below 1.
        seed: parts them otherwise.
    """
    import numpy as np

    from ..split import train_val_split

    _check(folder, size, test_share, seed)
    files = _classified(Path(folder).expanduser())
    x = _read([path for path, _ in files], size, grey, place.in_memory)
    names = sorted({name for _, name in files})
    y = np.array([names.index(name) for _, name in files], np.int32)
    return Dataset(
        "images", "multiclass", *train_val_split(Split(x, y), test_share, seed), tuple(names), outputs=len(names)
    )


def _check(folder: str, size: int, test_share: float, seed: int) -> None:
    if not folder:
        raise BadInput("which pictures? Name their folder: --images DIR")
    within("size", size, 0, 4096)
    within("test_share", test_share, 0.001, 0.999)
    within("seed", seed, 0, 2**32 - 1)


def _classified(folder: Path) -> list[tuple[Path, str]]:
    """The pictures in order, each with the name of its class; without sub-folders all are of one class."""
    if not folder.is_dir():
        raise BadInput(f"--d.folder {folder} is no folder" if folder.exists() else f"--d.folder {folder}: not there")
    here = [(path, folder.resolve().name) for path in _pictures(folder)]
    below = [(path, each.name) for each in _visible(folder) if each.is_dir() for path in _pictures(each)]
    if here and below:
        raise BadInput(
            f"--d.folder {folder} has pictures ({here[0][0].name}) and sub-folders of pictures ({below[0][1]}/): "
            "put all into sub-folders, one a class, or none"
        )
    if len(here + below) < 2:
        raise BadInput(f"--d.folder {folder}: expected at least 2 pictures ({', '.join(ENDINGS)}) in it or one below")
    return here + below


def _pictures(folder: Path) -> Iterator[Path]:
    return (path for path in _visible(folder) if path.suffix.lower() in ENDINGS and path.is_file())


def _visible(folder: Path) -> list[Path]:
    """In the order of their names; what begins with a dot is the system's own."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadInput(f"--d.folder {folder} cannot be read: {error.strerror or error}") from error


def _read(paths: list[Path], size: int, grey: bool, most: int) -> "np.ndarray":
    """All pictures, refused at the first that is unlike the first; left in their files if larger than `most` bytes."""
    first = read_picture(paths[0], size, grey)
    pictures = ImageFiles(paths, size, grey, first.shape)
    # `Split` says "array": where `Rows` stand for one, they answer to all that is asked of it.
    return cast("np.ndarray", pictures) if pictures.nbytes > most else pictures[:]


SOURCES = (
    Source("images", "a folder of pictures of yours, sub-folders are classes (--images DIR)", "image", "multiclass",
           (), 0, images),
)  # fmt: skip
