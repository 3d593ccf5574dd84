"""Reads arrays of MATLAB's MAT files, versions 4 to 7.2, by scipy, which jax depends on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import DataUnavailable
from ...files import check_regular

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_mat"]


def read_mat(path: Path, names: Sequence[str]) -> "list[np.ndarray]":
    """Reads the arrays of these names.

    Args:
        path: path of the file.
        names: names of the arrays.

    Raises:
        DataUnavailable: if the file cannot be read or has no array of such a name.
    """
    from scipy.io import loadmat  # takes a while to import

    check_regular(path)
    try:
        with open(path, "rb") as file:
            found = loadmat(file, variable_names=list(names))
    except Exception as error:  # of a damaged file scipy raises errors of many types
        raise _invalid(path, str(error) or type(error).__name__) from error
    missing = [name for name in names if name not in found]
    if missing:
        raise _invalid(path, f"it has no array {missing[0]}")
    return [found[name] for name in names]


def _invalid(path: Path, why: str) -> DataUnavailable:
    advice = "Replace the file; or delete it, and it is downloaded again unless --offline is set"
    return DataUnavailable(f"{path} is not a valid MAT file: {why}. {advice}")
