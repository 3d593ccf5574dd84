"""Checks of raw inputs against what a model reads."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from ..data.memory.arrays import cells_of, in_order, is_frame
from ..data.on_disk import DiskArray
from ..data.tables.encoder import TableEncoder

__all__ = ["as_key", "check_finite_inputs", "checked_inputs", "checked_lengths"]


def as_key(key: Any) -> Any:
    """Returns the PRNG key of a seed, a whole number of Python or numpy; anything else is returned as it is."""
    return jax.random.key(int(key)) if isinstance(key, int | np.integer) else key


def checked_inputs(about: Mapping[str, Any], x: Any) -> tuple[Any, bool]:
    """Returns inputs (batch, ...) as an array, and whether one input without the batch axis was given.

    Args:
        about: description of the model.
        x: one input or several; sequences may be of any length. The columns of a frame are found by name.

    Raises:
        ValueError: for another shape or type.
    """
    given = x if isinstance(x, DiskArray) else _array(about, x)
    shape, name = tuple(about["input_shape"]), about["model"]
    free = int(about["kind"] in ("sequence", "text") or about["made_for"]["each"])  # the time axis
    alone = given.ndim == len(shape)
    x = given[None] if alone else given
    if x.ndim != len(shape) + 1 or x.shape[1 + free :] != shape[free:] or not x.size:
        wanted = ("time", *shape[1:]) if free else shape
        one, many = ", ".join(map(str, wanted)), ", ".join(map(str, ("batch", *wanted)))
        frame = "; rows of its table are read from a frame, or a dict of columns" if "table" in about else ""
        raise ValueError(f"{name} reads inputs ({many}) or one of ({one}), got shape {given.shape}{frame}")
    if x.dtype.kind not in "biuf":
        raise ValueError(f"{name} reads numbers, got {x.dtype}")
    return x, alone


def _array(about: Mapping[str, Any], x: Any) -> np.ndarray:
    """Returns inputs as an array; the rows of a table are encoded as those of the training were."""
    if "table" in about and (is_frame(x) or isinstance(x, Mapping)):
        return TableEncoder.from_json(about["table"]).transform(cells_of(x))
    if is_frame(x) and about["features"]:
        x = in_order(x, about["features"], "X")
    return np.asarray(x.to_numpy() if hasattr(x, "to_numpy") else x)


def check_finite_inputs(about: Mapping[str, Any], x: np.ndarray) -> None:
    """Raises ValueError with the place of the first number that is not finite."""
    bad = np.argwhere(~np.isfinite(x)) if x.dtype.kind == "f" else np.empty((0, x.ndim), int)
    if len(bad):
        place = ", ".join(map(str, bad[0]))
        raise ValueError(f"{about['model']} reads finite numbers, x[{place}] is {x[tuple(bad[0])]}")


def checked_lengths(lengths: Any, x: Any) -> np.ndarray:
    """Returns numbers of valid steps, int32 (batch,).

    Raises:
        ValueError: if there is another number of them, or one lies outside the time axis.
    """
    lengths, time = np.atleast_1d(lengths), x.shape[1]
    if lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
        raise ValueError(f"lengths must be {len(x)} whole numbers, got {lengths.dtype} {lengths.shape}")
    if lengths.min() < 0 or lengths.max() > time:
        wrong = int(np.flatnonzero((lengths < 0) | (lengths > time))[0])
        raise ValueError(f"lengths must lie in 0 .. {time}, the time axis; example {wrong} has {lengths[wrong]}")
    return lengths.astype(np.int32)
