"""Examples from files of arrays, .npy (never unpickled) and IDX: the numbers as they are, on the training scale."""

from pathlib import Path

import numpy as np

from ...data.formats.csv import near_file
from ...data.formats.idx import read_idx
from ...errors import BadInput, DataUnavailable
from .batch import Batch, Wanted, fitted

__all__ = ["from_idx", "from_npy"]

_BEYOND = 1.5  # times the training data's range: what lies further off is on another scale


def from_npy(path: Path, wanted: Wanted) -> Batch:
    """The examples of a .npy file.

    Raises:
        BadInput: if it is none, holds objects, or what it holds does not fit the model.
    """
    try:
        # A map checks the file's size before memory is taken, and refuses objects: nothing is ever unpickled.
        array = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror or error}{near_file(path)}") from error
    except (ValueError, EOFError) as error:
        raise BadInput(f"{path} is no whole .npy file of numbers: {error}") from error
    return _batch(path, np.asarray(array), wanted)


def from_idx(path: Path, wanted: Wanted) -> Batch:
    """The examples of an IDX file, the format of MNIST, compressed or not.

    Raises:
        BadInput: if it is none, or what it holds does not fit the model.
    """
    try:
        return _batch(path, read_idx(path), wanted)
    except DataUnavailable as error:
        raise BadInput(str(error).partition(". Put a sound copy")[0]) from error


def _batch(path: Path, array: np.ndarray, wanted: Wanted) -> Batch:
    if wanted.kind == "series" and array.ndim == 1 and len(array) > wanted.shape[0]:
        array = array[-wanted.shape[0] :]
    x = fitted(str(path), array, wanted)
    names = [str(path)] if len(x) == 1 else [f"{path}[{i}]" for i in range(len(x))]
    return Batch(names, x, _scale(path, x, wanted))


def _scale(path: Path, x: np.ndarray, wanted: Wanted) -> tuple[str, ...]:
    if wanted.range is None:
        return ()
    low, high = wanted.range
    least, most = float(x.min()), float(x.max())
    middle, half = (low + high) / 2, (high - low) / 2 or 1
    if max(abs(least - middle), abs(most - middle)) <= _BEYOND * half:
        return ()
    return (
        f"{path} has values from {least:g} to {most:g}, the training pictures from {low:g} to {high:g}: arrays are "
        "taken as they are, scale them first",
    )
