"""The user's images: a folder of image files, whose subfolders are the classes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from ..formats.image import ENDINGS, files_below, read_picture

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "images"]


def images(
    place: Place,
    *,
    folder: str = "",
    size: Annotated[int, Bounds(0, 4096)] = 0,
    grey: bool = False,
    test_share: Annotated[float, Bounds(0.001, 0.999)] = 0.2,
    seed: Seed = 0,
) -> Dataset:
    """Loads the images of a folder, uint8 (N, height, width, 3), or (N, height, width, 1) in grey.

    More than `place.in_memory` bytes stay in their files and are read during the run.

    Args:
        place: limit of the memory.
        folder: folder of the images, all directly in it or all below subfolders, one per class.
        size: side in pixels of the square that each image is cropped and scaled to; 0 keeps them, all of one size.
        grey: conversion to greyscale.
        test_share: fraction of the images for testing, above 0 and below 1.
        seed: seed of the random split.
    """
    import numpy as np

    from ..split import lone_classes, train_val_split

    if not folder:
        raise BadInput("the folder of the images is missing: add --images DIR")
    files = _classified(Path(folder).expanduser(), place.print_fn)
    x = _read([path for path, _ in files], size, grey, place.in_memory)
    names = sorted({name for _, name in files})
    y = np.array([names.index(name) for _, name in files], np.int32)
    for lone in lone_classes(y):
        place.print_fn(f"class {names[lone]} has a single image: it is for training, no score covers this class")
    return Dataset(
        "images", "multiclass", *train_val_split(Split(x, y), test_share, seed), tuple(names), outputs=len(names)
    )


def _classified(folder: Path, print_fn: Callable[[str], None]) -> list[tuple[Path, str]]:
    """Returns the images in order, each with the name of its class; without subfolders there is one class."""
    if not folder.is_dir():
        raise BadInput(
            f"--d.folder {folder} is not a folder" if folder.exists() else f"--d.folder {folder} does not exist"
        )
    here = [(path, folder.resolve().name) for path in _images(folder)]
    classes = {each.name: files_below(each) for each in _visible(folder) if each.is_dir()}
    below = [(path, name) for name, (images, _) in classes.items() for path in images]
    if here and below:
        raise BadInput(
            f"--d.folder {folder} has images ({here[0][0].name}) and subfolders of images ({below[0][1]}/): "
            "move all into subfolders, one per class, or none"
        )
    if len(here + below) < 2:
        raise BadInput(
            f"--d.folder {folder}: expected at least 2 images ({', '.join(ENDINGS)}) in it or in its subfolders"
        )
    beside = [path for path in _visible(folder) if not path.is_dir() and path not in dict(here)]
    for note in (_left_out(folder, beside), *(_left_out(folder / name, found[1]) for name, found in classes.items())):
        if note:
            print_fn(note)
    deeper = [f"{name}/{path.parent.name}" for path, name in below if path.parent != folder / name]
    if deeper:
        print_fn(f"{folder}: {len(deeper)} images lie deeper ({deeper[0]}/); the first folder is their class")
    empty = [] if here else [name for name, (images, _) in classes.items() if not images]
    if empty:
        raise BadInput(
            f"{folder / empty[0]} has no images ({', '.join(ENDINGS)}), so the class {empty[0]} would vanish: convert "
            "its files, or move the folder away"
        )
    return here + below


def _left_out(folder: Path, others: list[Path]) -> str:
    """Returns a line on files that are no images; empty if there are none."""
    if not others:
        return ""
    endings = sorted({path.suffix.lower() or "(none)" for path in others})
    return f"{folder}: {len(others)} files left out that are not images that are read ({', '.join(endings[:9])})"


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in _visible(folder) if path.suffix.lower() in ENDINGS and path.is_file())


def _visible(folder: Path) -> list[Path]:
    """Lists a folder in the order of names, without hidden files."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise BadInput(f"--d.folder {folder} cannot be read: {error.strerror or error}") from error


def _read(paths: list[Path], size: int, grey: bool, most: int) -> "np.ndarray":
    """Reads all images, or leaves them in their files if they are larger than `most` bytes."""
    from ..formats.image_rows import ImageFiles  # thread pools take a while to import

    first = read_picture(paths[0], size, grey)
    found = ImageFiles(paths, size, grey, first.shape)
    # `Split` is annotated with arrays, which `DiskArray` stands in for.
    return cast("np.ndarray", found) if found.nbytes > most else found[:]


SOURCES = (
    Source("images", "images of a folder, its subfolders are the classes (--images DIR)", "image", "multiclass",
           (), 0, images),
)  # fmt: skip
