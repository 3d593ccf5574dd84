"""Reads image files as examples, converted to the channels, size and scale of the training images.

Black becomes the smallest value of the training images, white the largest: 0 and 16 for digits, 0 and 255 for MNIST.
Both have white strokes on black, so a dark digit on white paper needs `invert`.
Pictures for a model of a folder of pictures are read as for training: the same bytes, crop and filter.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ...data.formats.image import on_white, open_picture, read_picture
from ...data.image_stats import edge_of
from ...errors import BadInput
from .batch import Batch, InputSpec

__all__ = ["from_picture"]

_MODES = {1: "L", 3: "RGB"}  # by channels
_NAMES = {"L": "grey", "RGB": "RGB"}


def from_picture(path: Path, spec: InputSpec, *, invert: bool = False) -> Batch:
    """Reads an image file as one example, float32 (uint8 for a model of pictures), on the scale of the training images.

    Args:
        path: image file.
        spec: input of a model for images of 1 or 3 channels.
        invert: exchanges black and white.

    Raises:
        BadInput: if the file is damaged or another format, or the model's images have other channels.
    """
    height, width, channels = spec.shape
    if channels not in _MODES or spec.range is None:
        raise BadInput(f"{path}: the model's input is {spec.in_words()}, which image files do not have: use .npy")
    if spec.side is not None:
        return _as_in_training(path, spec, invert)
    image, done = _converted(open_picture(path), _MODES[channels])
    if image.size != (width, height):
        done.append(f"resized from {image.height}x{image.width} to {height}x{width}")
        image = _resized(image, width, height)
    x = np.asarray(image, np.float32).reshape(1, height, width, channels) / 255
    x = 1 - x if invert else x
    notes = [f"{path} was {', '.join(done)}"] if done else []
    low, high = spec.range
    return Batch(
        [str(path)], x * np.float32(high - low) + np.float32(low), (*notes, *_background_note(path, x, spec, invert))
    )


def _as_in_training(path: Path, spec: InputSpec, invert: bool) -> Batch:
    height, width, channels = spec.shape
    x = read_picture(path, spec.side or 0, channels == 1, spec.resize)
    if x.shape != spec.shape:
        raise BadInput(
            f"{path} is {x.shape[0]}x{x.shape[1]} pixels, the model's pictures were {height}x{width} and not scaled: "
            "scale it, or train with --d.size 64"
        )
    x = 255 - x[None] if invert else x[None]
    low, high = spec.range or (0.0, 255.0)
    relative = (x.astype(np.float32) - low) / ((high - low) or 1)
    return Batch([str(path)], x, _background_note(path, relative, spec, invert))


def _converted(image: Any, mode: str) -> tuple[Any, list[str]]:
    """Converts an image to grey or RGB; returns it with the conversions applied."""
    done = []
    if "A" in image.getbands() or "transparency" in image.info:
        image = on_white(image)
        done.append("blended onto white where it is transparent")
    pixels = np.asarray(image.convert("RGB")) if mode == "L" and image.mode not in ("L", "1") else None
    grey_already = pixels is None or (pixels == pixels[..., :1]).all()
    if (mode == "L" and not grey_already) or (mode == "RGB" and image.mode in ("L", "1")):
        done.append(f"converted to {_NAMES[mode]}")
    return image.convert(mode), done


def _resized(image: Any, width: int, height: int) -> Any:
    """Resizes by block means when smaller, as UCI and MNIST made their digits, and bilinearly when larger."""
    from PIL import Image

    smaller = image.width >= width and image.height >= height
    return image.resize((width, height), Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR)


def _background_note(path: Path, x: np.ndarray, spec: InputSpec, inverted: bool) -> tuple[str, ...]:
    """Returns a note if the background is light where that of the training images is dark, or the reverse."""
    if spec.edge is None or abs(edge_of(x) - spec.edge) <= 0.5:
        return ()
    here, there = ("light", "dark") if edge_of(x) > spec.edge else ("dark", "light")
    note = f"{path} is {here} at its edges{' when inverted' * inverted}, the training images are {there} there"
    return (f"{note}: try it with{'out' * inverted} --invert",)
