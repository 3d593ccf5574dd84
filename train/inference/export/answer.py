"""The exported function, from raw inputs to predictions with the preprocessing inside, and its description."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import export

from ...data.normalize import Scaler
from ...errors import BadInput
from ...trained.build import ModelSpec
from ...trained.call import call
from ...trained.generate_images import by_class
from ...trained.model import Trained

__all__ = ["answer", "description", "example", "symbolic"]

_ROUNDING = 1e-4  # of the normalised values, by their rounding to float32: as much as ONNX files may differ
_DECIDE = ("binary", "multilabel")  # tasks with a threshold
_STEEPEST = 1e37  # scale, with its reciprocal, that float32 holds


def answer(trained: Trained) -> Callable[[Any], jax.Array]:
    """Makes the function from raw inputs (batch, *input_shape), float32 or int32 tokens, to predictions.

    Predictions are class probabilities, (batch, classes) or (batch, time, classes); regression values in the units of
    the target, (batch, outputs); samples in the units of the data. The input of a generator is standard normal noise
    (batch, latent), followed by a one-hot class if the generator is conditional.

    Args:
        trained: the saved model.

    Raises:
        BadInput: if inputs or predictions have more digits than float32, in which the function computes.
    """
    _check_digits(trained)
    model, params, state, task = trained.model, trained.params, trained.state, trained.task
    scaler, back = trained.scaler, trained.target_scaler
    relative = bool(trained.about.get("relative"))  # inputs and forecasts are changes from a window's last value

    def run(x):
        x = x if scaler is None else x.astype("float32")
        changes = x - x[:, -1:] if relative else x
        batch = {"x": changes.astype("int32") if scaler is None else _normalised(scaler, changes)}
        outputs = call(model, params, state, batch if task.inputs is None else task.inputs(batch, None))[0]
        if back is not None:
            outputs = back.invert(outputs)
        if relative:
            outputs = outputs + x[:, -1]
        if task.probabilities is not None:
            return task.probabilities(outputs)
        predicted = task.predict(outputs)
        return predicted if predicted.shape == outputs.shape else outputs  # of clusters the distances

    return run


def example(trained: Trained) -> tuple[tuple[int | str, ...], Any]:
    """Returns shape and type of the inputs; an axis of any length has a name, `batch` or `time`.

    Token inputs have the window length of the training, because the embedding's lowering depends on the length.

    Args:
        trained: the saved model.
    """
    shape, tokens = trained.input_shape, bool(trained.about["made_for"]["vocabulary"])
    free = (trained.about["kind"] == "sequence" or trained.task.name == "forecast") and not tokens
    return ("batch", *(("time", *shape[1:]) if free else shape)), np.int32 if tokens else np.float32


def symbolic(trained: Trained) -> jax.ShapeDtypeStruct:
    """Returns the symbolic shape and type of the inputs, with which jax exports a program of any batch size."""
    shape, dtype = example(trained)
    return jax.ShapeDtypeStruct(export.symbolic_shape(", ".join(map(str, shape))), dtype)


def description(trained: Trained) -> dict[str, Any]:
    """Describes an exported model with plain values: inputs, outputs, classes, metrics and preprocessing.

    The inputs of a model of a table are its encoded `features`; `table` describes how they come from its columns.
    """
    about = trained.about
    shape, dtype = example(trained)
    kept = ("model", "options", "dataset", "task", "features", "vocabulary", "target", "metrics", "sha256")
    return {
        "input": {"shape": list(shape), "dtype": np.dtype(dtype).name, "range": about.get("input_range")},
        **({"pictures": about["pictures"]} if "pictures" in about else {}),
        **({"table": about["table"]} if "table" in about else {}),
        "output": trained.task.output,
        **_noise(trained),
        "classes": list(trained.classes),
        **({"threshold": about["recipe"].get("threshold", 0.5)} if trained.task.name in _DECIDE else {}),
        **{name: about.get(name) for name in kept},
    }


def _noise(trained: Trained) -> dict[str, Any]:
    """Returns how many inputs of a generator are noise, and how many encode the class."""
    if not hasattr(trained.model, "given") or len(trained.input_shape) > 1:
        return {}
    classes = ModelSpec.of(trained.about["made_for"]).outputs if by_class(trained) else 0
    return {"noise": sum(trained.input_shape) - classes, "told": classes}


def _normalised(scaler: Scaler, x: jax.Array) -> jax.Array:
    """Normalises in float32; what float32 leaves of the shift is subtracted after the difference."""
    shift, rest = _parts(np.asarray(scaler.shift, np.float64))
    return ((x - shift) - rest) * np.asarray(scaler.scale, np.float32)


def _parts(shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns two float32 arrays whose sum is the shift."""
    first = shift.astype(np.float32)
    return first, (shift - first).astype(np.float32)


def _check_digits(trained: Trained) -> None:
    """Raises BadInput where the values of a column differ by too few spacings of float32."""
    level = float(trained.about.get("level", 0))  # of a relative series, whose scalers are those of changes
    for scaler, what in ((trained.scaler, "inputs"), (trained.target_scaler, "predictions")):
        if scaler is None:
            continue
        shift, scale = (np.atleast_1d(np.asarray(part, np.float64)) for part in scaler)
        shift = np.maximum(np.abs(shift), level)
        rounding = _rounding(shift, scale, constants=not level)
        worst = int(rounding.argmax())
        if rounding[worst] > _ROUNDING:
            raise BadInput(
                f"the {what} of {trained.about['model']} need more digits than float32, in which exported files "
                f"compute: column {worst} (counted from 0) reaches {shift[worst]:.6g} with a spread of about "
                f"{1 / scale[worst]:.3g}. Predict with zoo.load or python -m zoo predict, or train on shifted and "
                "scaled values"
            )


def _rounding(size: np.ndarray, scale: np.ndarray, constants: bool) -> np.ndarray:
    """Returns the error by rounding values of a size to float32, in normalised units; infinite beyond float32."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = size.astype(np.float32)
        error = np.spacing(rounded).astype(np.float64) / 2 * scale
    constant = constants & (scale == 1) & (rounded == size)  # a column that is only shifted, exactly
    held = np.isfinite(rounded) & (scale < _STEEPEST) & (scale > 1 / _STEEPEST)
    return np.where(held, np.where(constant, 0, error), np.inf)
