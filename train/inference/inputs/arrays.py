"""Reads examples from array files, .npy (never unpickled) and IDX, with values on the scale of the training data."""

from pathlib import Path

import numpy as np

from ...data.formats.idx import read_idx
from ...data.formats.npy import open_npy
from ...errors import BadInput, DataUnavailable
from .batch import Batch, InputSpec, as_examples

__all__ = ["from_idx", "from_npy"]

_BEYOND = 1.5  # times the training range; larger values indicate another scale


def from_npy(path: Path, spec: InputSpec) -> Batch:
    """Reads the examples of a .npy file.

    Raises:
        BadInput: if the file cannot be read, does not hold numbers, or its array does not fit the model.
    """
    return _batch(path, np.asarray(open_npy(path)), spec)


def from_idx(path: Path, spec: InputSpec) -> Batch:
    """Reads the examples of an IDX file, the format of MNIST, compressed or not.

    Raises:
        BadInput: if the file cannot be read or its array does not fit the model.
    """
    try:
        return _batch(path, read_idx(path), spec)
    except DataUnavailable as error:
        raise BadInput(str(error).partition(". Replace the file")[0]) from error


def _batch(path: Path, array: np.ndarray, spec: InputSpec) -> Batch:
    if spec.kind == "series" and not spec.free and array.ndim == 1 and len(array) > spec.shape[0]:
        array = array[-spec.shape[0] :]
    x = as_examples(str(path), array, spec)
    names = [str(path)] if len(x) == 1 else [f"{path}[{i}]" for i in range(len(x))]
    return Batch(names, x, _scale(path, x, spec))


def _scale(path: Path, x: np.ndarray, spec: InputSpec) -> tuple[str, ...]:
    if spec.range is None:
        return ()
    low, high = spec.range
    least, most = float(x.min()), float(x.max())
    middle, half = (low + high) / 2, (high - low) / 2 or 1
    if max(abs(least - middle), abs(most - middle)) <= _BEYOND * half:
        return ()
    return (
        f"{path} has values from {least:g} to {most:g}, the training images from {low:g} to {high:g}: arrays are "
        "not scaled, scale them first",
    )
