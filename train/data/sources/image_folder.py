"""The user's images: a folder of image files, whose subfolders are the classes, or the splits with classes in them."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from ..formats.image import read_picture
from ..formats.image_tree import check_parts, classified, counted_classes, split_folders

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

    Subfolders are the classes. Subfolders train and test, with or without val, are the splits, with the classes below
    them. More than `place.in_memory` bytes stay in their files and are read during the run.

    Args:
        place: limit of the memory.
        folder: folder of the images, all directly in it or all below subfolders, one per class.
        size: side in pixels of the square that each image is cropped and scaled to; 0 keeps them, all of one size.
        grey: conversion to greyscale.
        test_share: fraction of the images for testing, above 0 and below 1; unused if there is a folder test.
        seed: seed of the random split.
    """
    import numpy as np

    from ..split import train_val_split

    if not folder:
        raise BadInput("the folder of the images is missing: add --images DIR")
    root, notes = _checked(Path(folder).expanduser()), []
    places = split_folders(root, notes)
    parts = {split: classified(path, root, notes) for split, path in places.items()}
    check_parts(root, places, parts)
    files = [each for part in parts.values() for each in part]
    names = sorted({name for _, name in files})
    notes.append(f"{root}: {counted_classes(files)}")
    y = np.array([names.index(name) for _, name in files], np.int32)
    every = Split(_read([path for path, _ in files], size, grey, place.in_memory), y)
    if len(places) == 1:
        train, test, val = *train_val_split(every, test_share, seed), None
    else:
        train, test = (_part(every, parts, split) for split in ("train", "test"))
        val = _part(every, parts, "val") if "val" in parts else None
    return Dataset("images", "multiclass", train, test, tuple(names), outputs=len(names), val=val, notes=tuple(notes))


def _part(every: Split, parts: Mapping[str, Sequence], split: str) -> Split:
    """Returns the examples of a split, of those of all parts in order."""
    from ..on_disk import take  # thread pools take a while to import

    before = sum(len(parts[each]) for each in takewhile(lambda each: each != split, parts))
    cut = slice(before, before + len(parts[split]))
    return Split(take(every.x, cut), every.y[cut])


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        raise BadInput(
            f"--d.folder {folder} is not a folder" if folder.exists() else f"--d.folder {folder} does not exist"
        )
    return folder


def _read(paths: list[Path], size: int, grey: bool, most: int) -> "np.ndarray":
    """Reads all images, or leaves them in their files if they are larger than `most` bytes."""
    from ..formats.image_rows import ImageFiles  # thread pools take a while to import

    first = read_picture(paths[0], size, grey)
    found = ImageFiles(paths, size, grey, first.shape)
    # `Split` is annotated with arrays, which `DiskArray` stands in for.
    return cast("np.ndarray", found) if found.nbytes > most else found[:]


SOURCES = (
    Source("images", "images of a folder, with a subfolder per class (--images DIR)", "image", "multiclass",
           (), 0, images),
)  # fmt: skip
