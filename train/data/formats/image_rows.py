"""Images that stay in their files until a batch needs them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ..on_disk import DiskArray
from .image import Resize, open_picture, read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["ImageFiles", "damaged"]

_BLOCK = 32  # images that a thread decodes at a time


class ImageFiles(DiskArray):
    """Holds image files as examples, uint8 (height, width, 3), or (height, width, 1) in grey, all of one size.

    A file that cannot be read or has another size raises BadInput when it is read.

    Args:
        paths: paths of the files.
        size: side in pixels, as in `read_picture`.
        grey: conversion to luma, as in `read_picture`.
        shape: shape of the first image.
        resize: what becomes the square, as in `read_picture`.
    """

    def __init__(self, paths: "Sequence[Path]", size: int, grey: bool, shape: tuple[int, ...], resize: Resize = "crop"):
        super().__init__((len(paths), *shape), "uint8")
        self.paths = paths
        self._options: tuple[int, bool, Resize] = (size, grey, resize)

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """Reads the images of some rows, as `DiskArray.read`."""
        import numpy as np

        paths = self._of(places)
        images = np.empty((len(paths), *self.shape[1:]), np.uint8)
        for i, path in enumerate(paths):
            found = read_picture(path, *self._options)
            if found.shape != self.shape[1:]:
                raise BadInput(
                    f"{self.paths[0]} is {_sides(self.shape[1:])} pixels and {path} is {_sides(found.shape)}: all "
                    "images must have one size; --d.size 64 scales them"
                )
            images[i] = found
        return images

    def read_all(self) -> "np.ndarray":
        """Reads all images, decoded by several threads."""
        import numpy as np

        images = np.empty(self.shape, np.uint8)

        def fill(start: int) -> None:
            cut = slice(start, start + _BLOCK)
            images[cut] = self.read(cut)

        with ThreadPoolExecutor() as pool:
            list(pool.map(fill, range(0, len(self), _BLOCK)))
        return images

    def select(self, places: "np.ndarray | slice") -> "ImageFiles":
        """Selects rows, as `DiskArray.select`."""
        size, grey, resize = self._options
        return ImageFiles(self._of(places), size, grey, self.shape[1:], resize)

    def _of(self, places: "np.ndarray | slice") -> "Sequence[Path]":
        return self.paths[places] if isinstance(places, slice) else [self.paths[place] for place in places]


def damaged(paths: "Sequence[Path]") -> dict[Path, str]:
    """Decodes all files and returns the reason for each that cannot be read."""

    def reason(path: Path) -> str:
        try:
            open_picture(path)
        except BadInput as error:
            return str(error)
        return ""

    with ThreadPoolExecutor() as pool:
        found = dict(zip(paths, pool.map(reason, paths), strict=True))
    return {path: why for path, why in found.items() if why}


def _sides(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
