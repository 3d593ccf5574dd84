"""The exported function, from raw inputs to predictions with the preprocessing inside, and its description."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import export

from ...data.normalize import Scaler, scaled
from ...trained.build import ModelSpec
from ...trained.call import call
from ...trained.generate_images import by_class
from ...trained.model import Trained

__all__ = ["answer", "description", "example", "symbolic"]


def answer(trained: Trained) -> Callable[[Any], jax.Array]:
    """Makes the function from raw inputs (batch, *input_shape), float32 or int32 tokens, to predictions.

    Predictions are class probabilities, (batch, classes) or (batch, time, classes); regression values in the units of
    the target, (batch, outputs); samples in the units of the data. The input of a generator is standard normal noise
    (batch, latent), followed by a one-hot class if the generator is conditional.

    Args:
        trained: the saved model.
    """
    model, params, state, task = trained.model, trained.params, trained.state, trained.task
    scaler, back = _constants(trained.scaler), _constants(trained.target_scaler)
    relative = bool(trained.about.get("relative"))  # inputs and forecasts are changes from a window's last value

    def run(x):
        batch = {"x": scaled(scaler, x - x[:, -1:] if relative else x)}
        outputs = call(model, params, state, batch if task.inputs is None else task.inputs(batch, None))[0]
        if back is not None:
            outputs = back.invert(outputs)
        if relative:
            outputs = outputs + x[:, -1]
        return outputs if task.probabilities is None else task.probabilities(outputs)

    return run


def example(trained: Trained) -> tuple[tuple[int | str, ...], Any]:
    """Returns shape and type of the inputs; an axis of any length has a name, `batch` or `time`.

    Token inputs have the window length of the training, because the embedding's lowering depends on the length.

    Args:
        trained: the saved model.
    """
    shape, tokens = trained.input_shape, bool(trained.about["made_for"]["vocabulary"])
    free = trained.about["kind"] == "sequence" and not tokens
    return ("batch", *(("time", *shape[1:]) if free else shape)), np.int32 if tokens else np.float32


def symbolic(trained: Trained) -> jax.ShapeDtypeStruct:
    """Returns the symbolic shape and type of the inputs, with which jax exports a program of any batch size."""
    shape, dtype = example(trained)
    return jax.ShapeDtypeStruct(export.symbolic_shape(", ".join(map(str, shape))), dtype)


def description(trained: Trained) -> dict[str, Any]:
    """Describes an exported model with plain values: inputs, outputs, classes, metrics and preprocessing."""
    about = trained.about
    shape, dtype = example(trained)
    kept = ("model", "options", "dataset", "task", "features", "vocabulary", "target", "metrics", "sha256")
    return {
        "input": {"shape": list(shape), "dtype": np.dtype(dtype).name, "range": about.get("input_range")},
        **({"pictures": about["pictures"]} if "pictures" in about else {}),
        "output": trained.task.output,
        **_noise(trained),
        "classes": list(trained.classes),
        **{name: about.get(name) for name in kept},
    }


def _noise(trained: Trained) -> dict[str, Any]:
    """Returns how many inputs of a generator are noise, and how many encode the class."""
    if not hasattr(trained.model, "given") or len(trained.input_shape) > 1:
        return {}
    classes = ModelSpec.of(trained.about["made_for"]).outputs if by_class(trained) else 0
    return {"noise": sum(trained.input_shape) - classes, "told": classes}


def _constants(scaler: Scaler | None) -> Scaler | None:
    return None if scaler is None else Scaler(*(np.asarray(part) for part in scaler))
