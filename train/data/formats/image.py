"""Reads image files as arrays of bytes."""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...files import check_regular

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

__all__ = ["ENDINGS", "files_below", "on_white", "open_picture", "read_picture"]

ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # pillow's decoders of these endings


def files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Lists the image files below a folder at any depth, in order, and the other files; hidden ones are in neither.

    Raises:
        BadInput: if a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise BadInput(f"{error.filename} cannot be read: {error.strerror or error}") from error

    images, others = [], []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        others += [path for name in folders if (path := Path(place, name)).is_symlink()]  # os.walk does not follow them
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            (images if path.suffix.lower() in ENDINGS and path.is_file() else others).append(path)
    return sorted(images), sorted(others)


def read_picture(path: Path, size: int = 0, grey: bool = False) -> "np.ndarray":
    """Reads an image file, its first frame, uint8 (height, width, 3), or (height, width, 1) in grey.

    A photograph is rotated as its EXIF orientation defines; transparent pixels are blended onto white.

    Args:
        path: path of the file.
        size: side in pixels of the largest central square after scaling; 0 keeps the image as it is.
        grey: conversion to luma, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).

    Raises:
        BadInput: if the file cannot be read, is not a complete image, has more than 8 bits per channel or more pixels
            than pillow considers safe to decompress.
    """
    import numpy as np
    from PIL import Image

    picture = on_white(open_picture(path)).convert("L" if grey else "RGB")
    if size:
        picture = _crop_square(picture).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def open_picture(path: Path) -> "Image.Image":
    """Opens an image file as a decoded, upright image in its own colour mode.

    Raises:
        BadInput: as `read_picture`.
    """
    from PIL import Image, ImageOps

    check_regular(path)
    try:
        with warnings.catch_warnings():
            # At its limit pillow only warns; it raises at twice as many pixels.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Detected from its content, not from its name, and by these decoders only.
            with Image.open(path, formats=_FORMATS) as opened:
                _check_depth(path, opened)
                picture = ImageOps.exif_transpose(opened)
                picture.load()
                return picture
    except BadInput:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: too many pixels to decompress safely ({error}); scale it down") from error
    except Image.UnidentifiedImageError as error:
        raise BadInput(f"{path} is not an image ({', '.join(_FORMATS)}): remove it from the folder") from error
    except (OSError, SyntaxError, ValueError) as error:  # pillow raises all three for damaged files
        raise BadInput(f"{path} cannot be read, it is damaged or truncated: {error}") from error


def on_white(picture: "Image.Image") -> "Image.Image":
    """Blends an image onto white where it is transparent; an opaque mode is returned as it is."""
    from PIL import Image

    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def _check_depth(path: Path, picture: "Image.Image") -> None:
    if picture.mode.startswith(("I", "F")):
        raise BadInput(f"{path} has more than 8 bits per channel (mode {picture.mode}): convert it to 8")


def _crop_square(picture: "Image.Image") -> "Image.Image":
    """Returns the largest central square."""
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    return picture.crop((left, top, left + side, top + side))
