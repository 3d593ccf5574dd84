"""Normalization of inputs, fitted on the training split only and saved with the model, and its inverse.

Values of more than 16 bits are normalised on the host in float64, before they become float32: in float32 a stamp of
1e12, or a column of 1e8 plus a signal, has lost its digits. Values of at most 16 bits are exact in float32; they stay
as stored and are normalised on the device.
"""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..errors import BadInput
from .on_disk import blocks, subsample

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Scaler", "fit_scaler", "for_device", "on_device", "on_host", "scaled", "scaled_targets"]

_ROWS, _BLOCK = 4096, 1 << 22  # rows and values converted to float64 at a time: all of MNIST would take 400 MB
_MOST = 1 << 30  # values that enter the statistics; larger sets are subsampled
_NARROW = 2  # bytes of types whose values are exact in float32
_LEAST = 1e-300  # spread of a column that varies; the reciprocal of a smaller one would leave float64


class Scaler(NamedTuple):
    """Holds an affine map of each column, `(x - shift) * scale`; both are float64 (columns,), of numpy or jax.

    >>> import numpy as np
    >>> scaler = fit_scaler(np.array([[1e12], [1e12 + 1]]), "symmetric")
    >>> scaler.apply(np.array([[1e12], [1e12 + 0.75]])).tolist()
    [[-1.0], [0.5]]
    """

    shift: Any
    scale: Any

    def apply(self, x: Any) -> Any:
        """Normalizes x (..., columns) of any dtype to float32.

        Raises:
            BadInput: if a value of more than 16 bits lies so far from those of the training that it leaves float32.
        """
        if _on_host(x) and is_wide(x.dtype):
            return _in_float64(x, self.shift, self.scale)
        return (x.astype("float32") - self.shift.astype("float32")) * self.scale.astype("float32")

    def invert(self, z: Any) -> Any:
        """Restores the values that `apply` normalized: float64 on the host, float32 on the device."""
        if _on_host(z):
            return z.astype("float64") / self.scale + self.shift
        return z / self.scale.astype("float32") + self.shift.astype("float32")


def fit_scaler(
    x: "np.ndarray",
    how: Literal["none", "unit", "symmetric", "standard"],
    note: Callable[[str], None] = lambda text: None,
    weight: "np.ndarray | None" = None,
) -> Scaler:
    """Fits a scaler to x (..., columns), in float64 over all axes but the last.

    A column that is constant, or constant except for the rounding of float64, is only shifted, to 0.

    Args:
        x: training examples, arrays or `DiskArray`. All pixels of an image channel share one scale. Of more than 2^30
            values, evenly spaced rows with that many are used.
        how: none; unit, to [0, 1]; symmetric, to [-1, 1]; standard, to mean 0 and standard deviation 1.
        note: called with a line that names the columns whose values float32 or float64 cannot distinguish.
        weight: weight of each row in mean and standard deviation; None: all count the same.

    Raises:
        BadInput: if x has no examples or is not finite everywhere, or `how` is unknown.
    """
    import numpy as np

    if how not in _FITS:
        raise BadInput(f"unknown normalization {how!r} (choose from {', '.join(_FITS)})")
    if not len(x):
        raise BadInput("cannot fit a normalization without examples")
    weight = None if weight is None else subsample(weight, max(1, _MOST * len(x) // x.size))
    x = subsample(x, _MOST)
    ends = [(part.min(axis=(0, 1)), part.max(axis=(0, 1))) for part in _parts(x)]
    low, high = (np.stack(each) for each in zip(*ends, strict=True))
    low, high = low.min(axis=0), high.max(axis=0)
    differs = low < high  # as integers, of which float64 does not hold all beyond 2^53
    low, high = low.astype(np.float64), high.astype(np.float64)
    _check_finite(low, high)
    shift, spread = _FITS[how](x, low, high, weight)
    # Compared by the extremes, because rounding gives a constant a small spread.
    rounding = 4 * np.spacing(np.maximum(np.abs(low), np.abs(high)))
    varies = (high - low > rounding) & (spread > _LEAST)
    rounded = ~varies & differs & (how != "none")
    shift = np.where(varies, shift, low if how != "none" else 0)
    scale = 1 / np.where(varies, spread, np.where(rounded, np.maximum(rounding, 1), 1))
    if not is_wide(x.dtype):  # they are normalised in float32, as are equal values of wider types
        shift, scale = (each.astype(np.float32).astype(np.float64) for each in (shift, scale))
    _name_columns(note, how, low, high, rounded, ~rounded & differs & (_digits(shift, low, high) < 1))
    return Scaler(shift, scale)


def scaled(scaler: Scaler | None, x: Any) -> Any:
    """Normalises inputs; without a scaler they are token numbers and become int32."""
    return _as_numbers(x) if scaler is None else scaler.apply(x)


def on_host(scaler: Scaler | None, x: "np.ndarray") -> "np.ndarray":
    """Normalises inputs of more than 16 bits; narrower ones stay as they are, and `on_device` normalises them.

    >>> import numpy as np
    >>> [on_host(Scaler(np.ones(1), np.ones(1)), np.ones((1, 1), kind)).dtype.name for kind in (np.uint8, np.int64)]
    ['uint8', 'float32']
    """
    return scaled(scaler, x) if is_wide(x.dtype) else x


def on_device(scaler: Scaler | None, x: Any) -> Any:
    """Normalises what `on_host` left; its float32 is already normalised."""
    return x if x.dtype == "float32" else scaled(scaler, x)


def for_device(scaler: Scaler | None, dtype: Any) -> Scaler | None:
    """Returns the scaler that `on_device` needs for inputs of a type, in float32; None where it needs none."""
    return None if scaler is None or is_wide(dtype) else Scaler(*(part.astype("float32") for part in scaler))


def scaled_targets(scaler: Scaler | None, y: "np.ndarray") -> "np.ndarray":
    """Normalises targets on the host; without a scaler integers are classes and become int32."""
    if scaler is not None:
        return scaler.apply(y)
    return _as_numbers(y) if y.dtype.kind in "iu" else y


def is_wide(dtype: Any) -> bool:
    """Returns whether a type of numbers has values that float32 does not hold exactly."""
    return dtype.itemsize > _NARROW


def _on_host(x: Any) -> bool:
    import numpy as np

    return isinstance(x, np.ndarray | np.generic)


def _as_numbers(x: Any) -> Any:
    """Converts classes or tokens to int32.

    Raises:
        BadInput: if one does not fit.
    """
    if _on_host(x) and is_wide(x.dtype) and x.size and not -(2**31) <= int(x.min()) <= int(x.max()) < 2**31:
        raise BadInput(
            f"classes or tokens reach from {int(x.min())} to {int(x.max())}, beyond 32 bits: number them from 0"
        )
    return x.astype("int32")


def _in_float64(x: "np.ndarray", shift: Any, scale: Any) -> "np.ndarray":
    """Normalises in float64, some rows at a time, and rounds to float32 once."""
    import numpy as np

    shift, scale = (np.asarray(part, np.float64) for part in (shift, scale))
    rows = max(1, _BLOCK * len(x) // max(x.size, 1)) if x.ndim > 1 else 0
    done = np.empty(np.broadcast_shapes(x.shape, shift.shape), np.float32)
    try:
        with np.errstate(over="raise"):
            for part in [slice(i, i + rows) for i in range(0, len(x), rows)] if rows else [...]:
                done[part] = (x[part].astype(np.float64) - shift) * scale
    except FloatingPointError:
        raise _far(x, shift, scale) from None
    return done


def _far(x: "np.ndarray", shift: Any, scale: Any) -> BadInput:
    """Returns the error for the value that is farthest from those of the training."""
    import numpy as np

    with np.errstate(over="ignore"):
        size = np.abs((x.astype(np.float64) / 2 - shift / 2) * scale)
    place = np.unravel_index(int(size.argmax()), size.shape)
    return BadInput(
        f"column {place[-1]} (counted from 0): {x[place]:g} lies so far from the values of the training that its "
        "normalised value exceeds float32, 3e38: remove or correct it"
    )


def _digits(shift: "np.ndarray", low: "np.ndarray", high: "np.ndarray") -> "np.ndarray":
    """Returns the number of float32 spacings from least to largest normalised value of each column."""
    import numpy as np

    level = np.maximum(np.abs(low - shift), np.abs(high - shift))
    return (high - low) / np.maximum(level, _LEAST) / np.finfo(np.float32).eps


def _name_columns(note: Any, how: str, low: Any, high: Any, rounded: "np.ndarray", merged: "np.ndarray") -> None:
    reasons = (
        (rounded, "vary only by the rounding of float64 and count as constant"),
        (merged, f"vary by less than float32 can hold after --normalize {how}: use --normalize standard"),
    )
    for which, reason in reasons:
        some = [f"{i} (from {low[i]:.17g} to {high[i]:.17g})" for i in which.nonzero()[0]]
        if some:
            more = f" and {len(some) - 5} more" * (len(some) > 5)
            note(f"columns that {reason}, counted from 0: {', '.join(some[:5])}{more}")


def _check_finite(low: "np.ndarray", high: "np.ndarray") -> None:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        bad = np.flatnonzero(~np.isfinite(high - low))
    if bad.size and np.isfinite(high[bad] / 2 - low[bad] / 2).all():
        raise BadInput(
            f"the training examples reach from {low[bad[0]]:g} to {high[bad[0]]:g} in column {bad[0]} (from 0), "
            "farther than float64: divide the column"
        )
    if bad.size:
        raise BadInput(
            f"the training examples are not finite in column {', '.join(map(str, bad[:5]))} (counted from 0): "
            "remove or replace NaN and infinite values"
        )


def _none(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray", weight: Any):
    return low * 0, low * 0 + 1


def _unit(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray", weight: Any):
    return low, high - low


def _symmetric(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray", weight: Any):
    return low / 2 + high / 2, high / 2 - low / 2


def _standard(x: "np.ndarray", low: "np.ndarray", high: "np.ndarray", weight: "np.ndarray | None"):
    """Returns mean and standard deviation; of wide types measured from the least value in units of the range."""
    import numpy as np

    positions = math.prod(x.shape[1:-1])
    count = (len(x) if weight is None else weight.sum()) * positions
    start, unit = (low, np.where(high > low, high - low, 1)) if is_wide(x.dtype) else (low * 0, low * 0 + 1)

    def total(of):
        if weight is None:
            return sum(of(part).sum(axis=(0, 1), dtype=np.float64) for part in _parts(x))
        weights = iter(weight)
        return sum(
            np.fromiter(weights, np.float64, len(part)) @ of(part).sum(axis=1, dtype=np.float64) for part in _parts(x)
        )

    mean = total(lambda part: (part - start) / unit) / count
    square = total(lambda part: ((part - start) / unit - mean) ** 2) / count
    return start + mean * unit, np.sqrt(square) * unit


def _parts(x: "np.ndarray") -> "Iterator[np.ndarray]":
    """Yields blocks of rows, each (rows, positions, columns)."""
    each = math.prod(x.shape[1:])
    for part in blocks(x, max(1, min(_ROWS, _BLOCK // max(each, 1)))):
        yield part.reshape(len(part), -1, x.shape[-1])


_FITS = {"none": _none, "unit": _unit, "symmetric": _symmetric, "standard": _standard}
