"""Normalization of inputs, fitted on the training split only and saved with the model, and its inverse."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..errors import BadInput
from .on_disk import blocks, subsample

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Scaler", "fit_scaler", "scaled", "scaled_targets"]

_ROWS, _BLOCK = 4096, 1 << 22  # rows and values converted to float64 at a time: all of MNIST would take 400 MB
_MOST = 1 << 30  # values that enter the statistics; larger sets are subsampled


class Scaler(NamedTuple):
    """Holds an affine map of each column, `(x - shift) * scale`; both are float32 (columns,), of numpy or jax.

    >>> import numpy as np
    >>> scaler = fit_scaler(np.array([[0], [128], [255]], np.uint8), "symmetric")
    >>> scaler.apply(np.array([[0], [255]], np.uint8)).tolist()
    [[-1.0], [1.0]]
    """

    shift: Any
    scale: Any

    def apply(self, x: Any) -> Any:
        """Normalizes x (..., columns) of any dtype to float32."""
        return (x.astype("float32") - self.shift) * self.scale

    def invert(self, z: Any) -> Any:
        """Restores the values that `apply` normalized."""
        return z / self.scale + self.shift


def fit_scaler(x: "np.ndarray", how: Literal["none", "unit", "symmetric", "standard"]) -> Scaler:
    """Fits a scaler to x (..., columns), in float64 over all axes but the last.

    A constant column is only shifted, to 0.

    Args:
        x: training examples, arrays or `DiskArray`. All pixels of an image channel share one scale. Of more than 2^30
            values, evenly spaced rows with that many are used.
        how: none; unit, to [0, 1]; symmetric, to [-1, 1]; standard, to mean 0 and standard deviation 1.

    Raises:
        BadInput: if x has no examples or is not finite everywhere, or `how` is unknown.
    """
    import numpy as np

    if how not in _FITS:
        raise BadInput(f"unknown normalization {how!r} (choose from {', '.join(_FITS)})")
    if not len(x):
        raise BadInput("cannot fit a normalization without examples")
    x = subsample(x, _MOST)
    ends = [(part.min(axis=(0, 1)), part.max(axis=(0, 1))) for part in _parts(x)]
    low, high = (np.stack(each).astype(np.float64) for each in zip(*ends, strict=True))
    low, high = low.min(axis=0), high.max(axis=0)
    _check_finite(low, high)
    shift, spread = _FITS[how](x, low, high)
    # Compared by the extremes, because rounding gives a constant a small spread. Below 1e-37 the reciprocal would
    # leave float32.
    varies = (high > low) & (spread > 1e-37)
    scale = 1 / np.where(varies, spread, 1)
    return Scaler(shift.astype(np.float32), scale.astype(np.float32))


def scaled(scaler: Scaler | None, x: Any) -> Any:
    """Normalises inputs; without a scaler they are token numbers and become int32."""
    return x.astype("int32") if scaler is None else scaler.apply(x)


def scaled_targets(scaler: Scaler | None, y: Any) -> Any:
    """Normalises targets; without a scaler they stay as they are."""
    return y if scaler is None else scaler.apply(y)


def _check_finite(low: "np.ndarray", high: "np.ndarray") -> None:
    import numpy as np

    bad = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high)))
    if bad.size:
        raise BadInput(
            f"the training examples are not finite in column {', '.join(map(str, bad[:5]))} (counted from 0): "
            "remove or replace NaN and infinite values"
        )


def _none(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray"):
    return low * 0, low * 0 + 1


def _unit(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray"):
    return low, high - low


def _symmetric(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray"):
    return low / 2 + high / 2, high / 2 - low / 2


def _standard(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray"):
    import numpy as np

    count = math.prod(x.shape[:-1])
    mean = sum(part.sum(axis=(0, 1), dtype=np.float64) for part in _parts(x)) / count
    square = sum(((part - mean) ** 2).sum(axis=(0, 1)) for part in _parts(x)) / count
    return mean, np.sqrt(square)


def _parts(x: "np.ndarray") -> "Iterator[np.ndarray]":
    """Yields blocks of rows, each (rows, positions, columns)."""
    each = math.prod(x.shape[1:])
    for part in blocks(x, max(1, min(_ROWS, _BLOCK // max(each, 1)))):
        yield part.reshape(len(part), -1, x.shape[-1])


_FITS = {"none": _none, "unit": _unit, "symmetric": _symmetric, "standard": _standard}
