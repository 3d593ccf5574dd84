"""What is exported: one function from raw inputs to answers, preprocessing inside, and what is to be known of it."""

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
    """Makes `x -> answers` of raw inputs (batch, *input_shape), float32, or int32 where they are tokens.

    The answers are the probabilities of the classes, (batch, classes) or (batch, time, classes), and of a regression
    the values in their own units, (batch, outputs). A generator is given noise, drawn by whoever uses it from the
    standard normal distribution, (batch, latent), behind it a 1 at the place of the class if it makes by class, and
    gives samples in the data's own units, as numbers that need not be whole.
    """
    model, params, state, task = trained.model, trained.params, trained.state, trained.task
    scaler, back = _constants(trained.scaler), _constants(trained.target_scaler)

    relative = bool(trained.about.get("relative"))  # it reads and forecasts changes from a window's last value

    def run(x):
        seen = x - x[:, -1:] if relative else x
        batch = {"x": scaled(scaler, seen)}
        outputs = call(model, params, state, batch if task.inputs is None else task.inputs(batch, None))[0]
        if back is not None:
            outputs = back.invert(outputs)
        if relative:
            outputs = outputs + x[:, -1]
        return outputs if task.probabilities is None else task.probabilities(outputs)

    return run


def example(trained: Trained) -> tuple[tuple[int | str, ...], Any]:
    """Shape and type of the inputs; an axis that may have any length is given by its name, `batch` or `time`.

    Tokens come in windows of the training's length: whether a table of them is worth making depends on how many.
    """
    shape, tokens = trained.input_shape, bool(trained.about["made_for"]["vocabulary"])
    free = trained.about["kind"] == "sequence" and not tokens
    return ("batch", *(("time", *shape[1:]) if free else shape)), np.int32 if tokens else np.float32


def symbolic(trained: Trained) -> jax.ShapeDtypeStruct:
    """The same as jax wants it for a program of any batch size."""
    shape, dtype = example(trained)
    return jax.ShapeDtypeStruct(export.symbolic_shape(", ".join(map(str, shape))), dtype)


def description(trained: Trained) -> dict[str, Any]:
    """What goes beside an export: all that a program without the zoo needs to know, as plain values."""
    about = trained.about
    shape, dtype = example(trained)
    kept = ("model", "options", "dataset", "task", "features", "vocabulary", "target", "metrics", "sha256")
    return {
        "input": {"shape": list(shape), "dtype": np.dtype(dtype).name, "range": about.get("input_range")},
        "output": trained.task.output,
        **_noise(trained),
        "classes": list(trained.classes),
        **{name: about.get(name) for name in kept},
    }


def _noise(trained: Trained) -> dict[str, Any]:
    """How many of a generator's inputs are noise, and how many tell the class."""
    if not hasattr(trained.model, "given") or len(trained.input_shape) > 1:
        return {}
    classes = ModelSpec.of(trained.about["made_for"]).outputs if by_class(trained) else 0
    return {"noise": sum(trained.input_shape) - classes, "told": classes}


def _constants(scaler: Scaler | None) -> Scaler | None:
    return None if scaler is None else Scaler(*(np.asarray(part) for part in scaler))
