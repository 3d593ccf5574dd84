"""The kind of data that arrays of examples are taken for, by their axes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from .dataset import Kind

__all__ = ["KINDS", "describe_examples"]

KINDS: Mapping[int, Kind] = MappingProxyType({2: "table", 3: "sequence", 4: "image"})
"""Kind of examples by the number of axes of all of them."""

_CHANNELS = (1, 3, 4)  # grey, RGB, RGBA


def describe_examples(shape: Sequence[int], images: bool = False) -> str:
    """Describes what an array of examples is taken for, and how to save it if it is something else.

    Args:
        shape: shape of all examples, of a number of axes in `KINDS`.
        images: whether the channels of images were added as a last axis.

    >>> describe_examples((60, 28, 28))
    'sequences of 28 steps with 28 features; images need a last axis of channels: x[..., None]'
    >>> describe_examples((60, 3, 32, 32))
    'images of 3x32 pixels with 32 channels; if the channels come first: x.transpose(0, 2, 3, 1)'
    """
    if len(shape) == 2:
        return f"rows of a table with {_counted(shape[1], 'feature')}"
    if len(shape) == 3:
        told = f"sequences of {_counted(shape[1], 'step')} with {_counted(shape[2], 'feature')}"
        return told if min(shape[1:]) < 8 else f"{told}; images need a last axis of channels: x[..., None]"
    told = f"images of {shape[1]}x{shape[2]} pixels with {_counted(shape[3], 'channel')}"
    if images:
        return f"{told}; as the model reads no sequences, its 3 axes are (examples, height, width)"
    first = shape[1] in _CHANNELS and shape[3] not in _CHANNELS
    return f"{told}; if the channels come first: x.transpose(0, 2, 3, 1)" if first else told


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
