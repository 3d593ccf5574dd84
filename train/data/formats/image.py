"""Reads image files as arrays of bytes."""

import os
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...errors import BadInput
from ...files import check_regular

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

__all__ = ["ENDINGS", "FORMS", "Resize", "files_below", "on_white", "open_picture", "picture_size", "read_picture"]

Resize = Literal["crop", "squash", "pad"]
"""How a picture that is not square becomes a square."""

ENDINGS = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".avif",
    ".jp2", ".j2k", ".jpf", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".ico", ".icns", ".pcx", ".dds", ".psd",
    ".sgi", ".qoi", ".xbm", ".xpm", ".heic", ".heif",
)  # fmt: skip
FORMS = ".png, .jpg, .webp, .gif, .bmp, .tif, .avif and others that pillow reads"
"""The endings of image files in words, for messages."""

# Pillow's own decoders of these endings, the frequent ones first; not those that call another program (EPS, WMF).
_FORMATS = (
    "PNG", "JPEG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "AVIF", "JPEG2000", "DIB", "ICO", "ICNS", "PCX", "DDS", "PSD",
    "SGI", "QOI", "XBM", "XPM",
)  # fmt: skip
_HEIF = "HEIF"  # the format of pillow-heif, which is optional
_HEIC = re.compile(rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)  # how photographs of phones begin
_BY_ENDING = {".tga": "TGA"}  # formats whose files have no mark of their own
_TURNED = range(5, 9)  # EXIF orientations that exchange height and width
_ORIENTATION = 0x0112
# What pillow's decoders raise for damaged files.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, OverflowError, TypeError, RuntimeError, struct.error,
)  # fmt: skip


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


def read_picture(path: Path, size: int = 0, grey: bool = False, resize: Resize = "crop") -> "np.ndarray":
    """Reads an image file, its first frame, uint8 (height, width, 3), or (height, width, 1) in grey.

    A photograph is rotated as its EXIF orientation defines; transparent pixels are blended onto white.

    Args:
        path: path of the file.
        size: side in pixels of the square that it is scaled to; 0 keeps the image as it is.
        grey: conversion to luma, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).
        resize: what becomes the square: crop, the largest central square; squash, the whole image, whose sides are
            scaled differently; pad, the whole image with grey margins.

    Raises:
        BadInput: if the file cannot be read, is not a complete image, has more than 8 bits per channel or more pixels
            than pillow considers safe to decompress.
    """
    import numpy as np

    picture = on_white(open_picture(path)).convert("L" if grey else "RGB")
    if size:
        picture = _as_square(picture, size, resize)
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def picture_size(path: Path) -> tuple[int, int]:
    """Reads height and width of an upright image in pixels, from the head of its file; errors as in `read_picture`."""
    with _opened(path) as opened:
        width, height = opened.size
        early = opened.format != "PNG" or "exif" in opened.info  # else pillow decodes the image to search behind it
        turned = early and opened.getexif().get(_ORIENTATION) in _TURNED
        return (width, height) if turned else (height, width)


def open_picture(path: Path) -> "Image.Image":
    """Opens an image file as a decoded, upright image in its own colour mode.

    Raises:
        BadInput: as `read_picture`.
    """
    from PIL import ImageOps

    with _opened(path) as opened:
        picture = ImageOps.exif_transpose(opened)
        picture.load()
        return picture


@contextmanager
def _opened(path: Path) -> "Iterator[Image.Image]":
    """Opens an image file, not yet decoded; errors of its block are those of a damaged file."""
    from PIL import Image

    check_regular(path)
    named = _BY_ENDING.get(path.suffix.lower())
    try:
        with warnings.catch_warnings():
            # At its limit pillow only warns; it raises at twice as many pixels.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Detected from its content, not from its name, and by these decoders only.
            with Image.open(path, formats=[named] if named else _decoders()) as opened:
                _check_depth(path, opened)
                yield opened
    except BadInput:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: too many pixels to decompress safely ({error}); scale it down") from error
    except Image.UnidentifiedImageError as error:
        if _is_heic(path):
            raise BadInput(
                f"{path} is a HEIC image, which pillow reads with the package pillow-heif alone: install it (pip "
                "install 'neural-network-zoo[heic]'), or convert the image to JPEG"
            ) from error
        raise BadInput(f"{path} is not an image ({FORMS}): remove it from the folder") from error
    except _DAMAGED as error:
        raise BadInput(f"{path} cannot be read, it is damaged or truncated: {error}") from error


@cache
def _decoders() -> tuple[str, ...]:
    """Returns the decoders that this pillow has; older ones lack some."""
    from PIL import Image

    Image.init()
    with suppress(ImportError):
        from pillow_heif import register_heif_opener  # pyright: ignore[reportMissingImports]

        register_heif_opener()
    return tuple(name for name in (*_FORMATS, _HEIF) if name in Image.OPEN)


def _is_heic(path: Path) -> bool:
    with path.open("rb") as file:
        return _HEIC.match(file.read(12)) is not None


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


def _as_square(picture: "Image.Image", size: int, resize: Resize) -> "Image.Image":
    from PIL import Image

    if resize == "pad":
        scale = size / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        inner = picture.resize((width, height), Image.Resampling.LANCZOS)
        square = Image.new(picture.mode, (size, size), "grey")
        square.paste(inner, ((size - width) // 2, (size - height) // 2))
        return square
    whole = _crop_square(picture) if resize == "crop" else picture
    return whole.resize((size, size), Image.Resampling.LANCZOS)


def _crop_square(picture: "Image.Image") -> "Image.Image":
    """Returns the largest central square."""
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    return picture.crop((left, top, left + side, top + side))
