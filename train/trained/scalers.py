"""Reads the scalers of a model from the arrays of its file."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.normalize import Scaler

__all__ = ["take_scalers"]


def take_scalers(tensors: dict[str, np.ndarray], about: Mapping[str, Any]) -> dict[str, Scaler]:
    """Takes the arrays of the scalers out of those of a model file.

    Args:
        tensors: arrays by path; those of the scalers are removed.
        about: description of the model.

    Returns:
        `scaler` and `target_scaler`, as far as the file has them, in float64.

    Raises:
        ValueError: if a scaler is incomplete, is no map of the columns, or there is none for inputs that are numbers.
    """
    made, found = about["made_for"], {}
    read = {1, about["input_shape"][-1], *made["shape"][-1:]}
    for name, sizes in (("scaler", read), ("target_scaler", read | {made["outputs"]})):
        shift, scale = (tensors.pop(f"{name}/{part}", None) for part in ("shift", "scale"))
        if shift is None and scale is None:
            continue
        if shift is None or scale is None or not (_is_column(shift, sizes) and _is_column(scale, {shift.size})):
            sizes = " or ".join(map(str, sorted(sizes)))
            raise ValueError(f"`{name}` must have a shift and a scale of {sizes} floats, got {_form(shift, scale)}")
        found[name] = Scaler(shift.astype(np.float64), scale.astype(np.float64))
        if not (np.isfinite(found[name]).all() and (found[name].scale > 0).all()):
            raise ValueError(f"`{name}` must be finite, and its scale above 0")
    if ("scaler" in found) == bool(made["vocabulary"]):
        raise ValueError("`scaler` must be there if the inputs are numbers, and only then")
    return found


def _is_column(part: np.ndarray, sizes: set[int]) -> bool:
    return part.ndim == 1 and part.size in sizes and part.dtype.kind == "f"


def _form(*parts: Any) -> str:
    return " and ".join("none" if part is None else f"{part.dtype}{list(part.shape)}" for part in parts)
