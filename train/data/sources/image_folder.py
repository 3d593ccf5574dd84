"""The user's images: a folder of image files, whose subfolders are the classes, or the splits with classes in them."""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from ...errors import BadInput
from ...option_types import Bounds, Seed, did_you_mean
from ..dataset import Dataset, Place, Source, Split
from ..formats.image import Resize, picture_size, read_picture
from ..formats.image_tree import Classes, check_parts, classified, counted_classes, split_folders
from ..image_stats import picture_rule

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "images"]

_SIDE = 64  # pixels of the square that pictures of several sizes become
_SHOWN = 10  # files that cannot be read, in a message
_SQUARE = {
    "crop": "the central square of each is scaled to",
    "squash": "each is scaled, whatever its proportions, to",
    "pad": "each is scaled, with grey margins, to",
}


def images(
    place: Place,
    *,
    folder: str = "",
    size: Annotated[int, Bounds(0, 4096)] = 0,
    resize: Resize = "crop",
    grey: bool = False,
    classes: Classes = "first",
    unreadable: Literal["refuse", "skip"] = "refuse",
    test_folder: str = "",
    test_share: Annotated[float, Bounds(0.001, 0.999)] = 0.2,
    seed: Seed = 0,
) -> Dataset:
    """Loads the images of a folder, uint8 (N, height, width, 3), or (N, height, width, 1) in grey.

    Subfolders are the classes. Subfolders train and test, with or without val, are the splits, with the classes below
    them. More than `place.in_memory` bytes stay in their files and are read during the run.

    Args:
        place: limit of the memory.
        folder: folder of the images, all directly in it or all below subfolders, one per class.
        size: side in pixels of the square that each image is scaled to; 0 keeps images that all have one size, and
            scales others to 64, or to the median of their shorter sides if that is less.
        resize: what becomes the square: the largest central square, the whole image with its sides scaled differently,
            or the whole image with grey margins.
        grey: conversion to greyscale.
        classes: name of the class in folders within folders: the first of them, or their whole path.
        unreadable: reaction to files that cannot be read: end with their names, or leave them out.
        test_folder: folder of the test images, with the same subfolders (default: folder/test or a share).
        test_share: fraction of the images for testing, above 0 and below 1; unused if there is a folder test.
        seed: seed of the random split.
    """
    import numpy as np

    from ..split import train_val_split

    root, test_root = _folders(folder, test_folder)
    notes: list[str] = []
    places = split_folders(root, notes, test_root)
    parts = {split: classified(path, root, notes, classes) for split, path in places.items()}
    if unreadable == "skip":
        parts = _readable(parts, notes)
    check_parts(root, places, parts)
    files = [each for part in parts.values() for each in part]
    names, paths = _names(files, place), [path for path, _ in files]
    notes.append(f"{root}: {counted_classes(files)}")
    y = np.array([names.index(name) for _, name in files], np.int32)
    try:
        size, resize = _square(paths, size, resize, place, root, notes)
        every = Split(_read(paths, (size, grey, resize), place.in_memory), y)
    except BadInput as error:
        raise _all_damaged(paths, error) from None
    if len(places) == 1:
        train, test, val = *train_val_split(every, test_share, seed), None
    else:
        train, test = (_part(every, parts, split) for split in ("train", "test"))
        val = _part(every, parts, "val") if "val" in parts else None
    return Dataset(
        "images", "multiclass", train, test, tuple(names), outputs=len(names), val=val, notes=tuple(notes),
        pictures=picture_rule(size, resize, grey=grey),
    )  # fmt: skip


def _folders(folder: str, test_folder: str) -> tuple[Path, Path | None]:
    """Returns the folder of the images and that of the test images, None if there is none of their own."""
    if not folder:
        raise BadInput("the folder of the images is missing: add --images DIR")
    root = _checked(Path(folder).expanduser(), "--d.folder")
    if not test_folder:
        return root, None
    test = _checked(Path(test_folder).expanduser(), "--d.test-folder")
    if test.resolve().is_relative_to(root.resolve()):
        raise BadInput(
            f"--d.test-folder {test} lies in --d.folder {root}, whose images are for training: move it beside that "
            "folder; folders train/ and test/ within one need no --d.test-folder"
        )
    return root, test


def _checked(folder: Path, flag: str) -> Path:
    if not folder.is_dir():
        raise BadInput(f"{flag} {folder} is not a folder" if folder.exists() else f"{flag} {folder} does not exist")
    return folder


def _names(files: Sequence[tuple[Path, str]], place: Place) -> list[str]:
    """Returns the names of the classes; for a model of a folder of images those of its training."""
    found, about = sorted({name for _, name in files}), place.about or {}
    if about.get("dataset") != "images" or not about.get("classes"):
        return found
    known = list(about["classes"])
    other = next((name for name in found if name not in known), None)
    if other is not None:
        raise BadInput(
            f"--d.folder has a class {other}, which the model does not have{did_you_mean(other, known)} (it has: "
            f"{', '.join(known)})"
        )
    return known


def _square(
    paths: Sequence[Path], size: int, resize: Resize, place: Place, root: Path, notes: list[str]
) -> tuple[int, Resize]:
    """Returns side and rule of the square that images become, with a note; those of the model if there is one."""
    rule: Mapping[str, Any] = (place.about or {}).get("pictures", {})
    if not size and rule:
        return rule["size"], resize
    if size:
        notes.append(f"{root}: {_SQUARE[resize]} {size}x{size} pixels ({_others(resize)})")
        return size, resize
    sizes = [picture_size(path) for path in paths]
    if len(set(sizes)) == 1:
        if resize != "crop":
            notes.append(f"{root}: all images have one size, which is kept: --d.resize has no effect without --d.size")
        return 0, resize
    shorter = sorted(min(each) for each in sizes)
    side = min(_SIDE, shorter[len(shorter) // 2])
    (low, high), (tall, wide) = min(sizes, key=_area), max(sizes, key=_area)
    notes.append(
        f"{root}: images from {high}x{low} to {wide}x{tall} pixels; {_SQUARE[resize]} {side}x{side} (--d.size chooses "
        f"another side, {_others(resize)})"
    )
    return side, resize


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _others(resize: Resize) -> str:
    return f"--d.resize {resize}; also {', '.join(each for each in _SQUARE if each != resize)}"


def _read(paths: list[Path], options: tuple[int, bool, Resize], most: int) -> "np.ndarray":
    """Reads all images, or leaves them in their files if they are larger than `most` bytes."""
    from ..formats.image_rows import ImageFiles  # thread pools take a while to import

    size, grey, resize = options
    found = ImageFiles(paths, size, grey, read_picture(paths[0], *options).shape, resize)
    # `Split` is annotated with arrays, which `DiskArray` stands in for.
    return cast("np.ndarray", found) if found.nbytes > most else found.read_all()


def _readable(parts: Mapping[str, list[tuple[Path, str]]], notes: list[str]) -> dict[str, list[tuple[Path, str]]]:
    """Returns the images that can be read, with a note on the others."""
    from ..formats.image_rows import damaged

    bad = damaged([path for part in parts.values() for path, _ in part])
    if bad:
        notes.append(f"{len(bad):,} images that cannot be read are left out: {_listed(bad)}")
    left = {split: [each for each in part if each[0] not in bad] for split, part in parts.items()}
    names, kept = ({name for part in some.values() for _, name in part} for some in (parts, left))
    if gone := sorted(names - kept):
        raise BadInput(
            f"--d.unreadable skip leaves out all images of the class {gone[0]}, which would vanish: convert its files, "
            "or move its folder away"
        )
    return left


def _all_damaged(paths: Sequence[Path], error: BadInput) -> BadInput:
    """Returns the error that names all images that cannot be read; the error itself if they all can."""
    from ..formats.image_rows import damaged

    bad = damaged(paths)
    if not bad:
        return error
    if len(bad) == 1:
        return BadInput(f"{next(iter(bad.values()))}; to leave it out: --d.unreadable skip")
    reasons = "\n".join(f"  {why}" for why in list(bad.values())[:_SHOWN])
    more = f"\n  ... and {len(bad) - _SHOWN:,} more" * (len(bad) > _SHOWN)
    return BadInput(
        f"{len(bad):,} of {len(paths):,} images cannot be read; remove them, or leave them out: "
        f"--d.unreadable skip\n{reasons}{more}"
    )


def _listed(bad: Mapping[Path, str]) -> str:
    return ", ".join(map(str, list(bad)[:_SHOWN])) + f" and {len(bad) - _SHOWN:,} more" * (len(bad) > _SHOWN)


def _part(every: Split, parts: Mapping[str, Sequence], split: str) -> Split:
    """Returns the examples of a split, of those of all parts in order."""
    from ..on_disk import take  # thread pools take a while to import

    before = sum(len(parts[each]) for each in takewhile(lambda each: each != split, parts))
    cut = slice(before, before + len(parts[split]))
    return Split(take(every.x, cut), every.y[cut])


SOURCES = (
    Source("images", "images of a folder, with a subfolder per class (--images DIR)", "image", "multiclass",
           (), 0, images),
)  # fmt: skip
