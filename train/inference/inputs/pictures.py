"""Pictures from PNG and JPEG files, made grey or coloured, resized and scaled as the training pictures were.

The scale: black becomes the least value of the training pictures, white the largest. For digits that is 0 and 16, for
MNIST 0 and 255; in both, strokes are white on black, so that a dark digit on white paper wants `invert`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ...data.formats.image import open_picture
from ...data.image_stats import edge_of
from ...errors import BadInput
from .batch import Batch, Wanted

__all__ = ["from_picture"]

_MODES = {1: "L", 3: "RGB"}  # by channels
_NAMES = {"L": "grey", "RGB": "coloured"}


def from_picture(path: Path, wanted: Wanted, *, invert: bool = False) -> Batch:
    """The picture in a file as one example, float32, on the scale of the training pictures.

    Args:
        path: a PNG or JPEG file.
        wanted: of a model that reads pictures of 1 or 3 channels.
        invert: makes black white, before all else.

    Raises:
        BadInput: if it is no such file, or is damaged, or the model reads other pictures.
    """
    height, width, channels = wanted.shape
    if channels not in _MODES or wanted.range is None:
        raise BadInput(f"{path}: the model reads {wanted.in_words()}, which no picture file has: give .npy instead")
    image, done = _converted(open_picture(path), _MODES[channels])
    if image.size != (width, height):
        done.append(f"resized from {image.height}x{image.width} to {height}x{width}")
        image = _resized(image, width, height)
    x = np.asarray(image, np.float32).reshape(1, height, width, channels) / 255
    x = 1 - x if invert else x
    notes = [f"{path} was {', '.join(done)}"] if done else []
    low, high = wanted.range
    return Batch([str(path)], x * np.float32(high - low) + np.float32(low), (*notes, *_ground(path, x, wanted, invert)))


def _converted(image: Any, mode: str) -> tuple[Any, list[str]]:
    """The picture in grey or in colours, and what was done to it."""
    from PIL import Image

    done = []
    if "A" in image.getbands() or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
        done.append("laid on white where it is transparent")
    pixels = np.asarray(image.convert("RGB")) if mode == "L" and image.mode not in ("L", "1") else None
    grey_already = pixels is None or (pixels == pixels[..., :1]).all()
    if (mode == "L" and not grey_already) or (mode == "RGB" and image.mode in ("L", "1")):
        done.append(f"made {_NAMES[mode]}")
    return image.convert(mode), done


def _resized(image: Any, width: int, height: int) -> Any:
    """By the mean of the pixels that fall together, as the digits of both UCI and MNIST were; larger: smoothly."""
    from PIL import Image

    smaller = image.width >= width and image.height >= height
    return image.resize((width, height), Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR)


def _ground(path: Path, x: np.ndarray, wanted: Wanted, inverted: bool) -> tuple[str, ...]:
    """A word where the picture's ground is as light as the training pictures' is dark, or the other way round."""
    if wanted.edge is None or abs(edge_of(x) - wanted.edge) <= 0.5:
        return ()
    here, there = ("light", "dark") if edge_of(x) > wanted.edge else ("dark", "light")
    said = f"{path} is {here} at its edges{' when inverted' * inverted}, the training pictures are {there} there"
    return (f"{said}: try it with{'out' * inverted} --invert",)
