"""The arrays of a model file: the model that they belong to, its tree of parameters, its scalers."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer

from ..config.model_sizes import check_sizes
from ..data.normalize import Scaler
from ..tree import specs, unflatten_into
from .build import ModelSpec, build

__all__ = ["restored", "take_scalers"]


def restored(tensors: dict[str, np.ndarray], about: Mapping[str, Any]) -> tuple[Layer, dict[str, Any]]:
    """Builds the model of a file, and its parameters, state and scalers.

    Args:
        tensors: arrays by path; those of the scalers are removed.
        about: description of the model.

    Raises:
        CheckpointUnusable: if the arrays do not fit the model.
        ValueError: as `take_scalers`; further errors if the description contradicts itself.
    """
    check_sizes(tensors, about)
    wanted = ModelSpec.of(about["made_for"])
    model = build(about["model"], wanted, about["options"], about.get("dtype", "float32"))
    example = jax.ShapeDtypeStruct((1, *about["input_shape"]), np.int32 if wanted.vocabulary else np.float32)
    made = jax.eval_shape(lambda x: model.init(jax.random.key(0), x), example)
    template = dict(zip(("params", "state"), made, strict=True))
    scalers = take_scalers(tensors, about)
    return model, jax.device_put(unflatten_into(template, _widened(tensors, template))) | scalers


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


def _widened(tensors: Mapping[str, np.ndarray], template: Any) -> dict[str, np.ndarray]:
    """Converts arrays stored in half precision to the precision of the model."""
    whole = {name for name, (dtype, _) in specs(template).items() if dtype == "float32"}
    return {
        name: array.astype(np.float32) if name in whole and array.dtype == np.float16 else array
        for name, array in tensors.items()
    }
