"""A data set as arrays alone: of examples that stay on the disk, so many that they fit."""

from dataclasses import replace
from typing import TYPE_CHECKING

from .dataset import Dataset, Split
from .on_disk import DiskArray, subsample

if TYPE_CHECKING:
    pass

__all__ = ["resident"]

_MOST = 1 << 26  # numbers


def resident(data: Dataset) -> Dataset:
    """The data set itself or, where its examples stay on the disk, some of them: spread evenly, and read.

    For judges and pictures, which want examples of the data but not all.
    """
    return replace(data, train=_some(data.train), test=_some(data.test))


def _some(split: Split) -> Split:
    import numpy as np

    if not isinstance(split.x, DiskArray):
        return split
    places = subsample(np.arange(len(split.x)), max(1, _MOST * len(split.x) // split.x.size))
    return Split(split.x[places], split.y[places], None if split.lengths is None else split.lengths[places])
