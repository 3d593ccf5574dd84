"""Pictures that stay in their files until a batch wants them."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ..on_disk import DiskArray
from .image import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["ImageFiles"]


class ImageFiles(DiskArray):
    """PNG and JPEG files as examples, uint8 (height, width, 3), or (height, width, 1) in grey, all of one size.

    Args:
        paths: the files.
        size: as of `read_picture`.
        grey: likewise.
        shape: of one picture, the one that was read first.

    A file that cannot be read, or is of another size, is a BadInput that names it, raised where the picture is read.
    """

    def __init__(self, paths: "Sequence[Path]", size: int, grey: bool, shape: tuple[int, ...]):
        super().__init__((len(paths), *shape), "uint8")
        self.paths, self._how = paths, (size, grey)

    def read(self, places: "np.ndarray | slice") -> "np.ndarray":
        """As `DiskArray.read`."""
        import numpy as np

        paths = self._of(places)
        pictures = np.empty((len(paths), *self.shape[1:]), np.uint8)
        for i, path in enumerate(paths):
            found = read_picture(path, *self._how)
            if found.shape != self.shape[1:]:
                raise BadInput(
                    f"{self.paths[0]} is {_sides(self.shape[1:])} pixels and {path} is {_sides(found.shape)}: all must "
                    "be of one size; --d.size 64 makes them so"
                )
            pictures[i] = found
        return pictures

    def chosen(self, places: "np.ndarray | slice") -> "ImageFiles":
        """As `DiskArray.chosen`."""
        return ImageFiles(self._of(places), *self._how, self.shape[1:])

    def _of(self, places: "np.ndarray | slice") -> "Sequence[Path]":
        return self.paths[places] if isinstance(places, slice) else [self.paths[place] for place in places]


def _sides(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
