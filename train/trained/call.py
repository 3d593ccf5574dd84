"""Applies a model to a batch, and to raw inputs those capabilities that only some models have."""

from functools import partial
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer, Scanned, Sequence

from ..data.normalize import on_device, scaled
from .inputs import as_key, check_finite_inputs, checked_inputs

__all__ = ["call", "inputs", "log_prob", "recall", "reconstruct", "transform"]


def inputs(batch: dict) -> Any:
    """Returns the input of a model: `x` of a batch, with its `lengths` where examples differ in length.

    >>> inputs({"x": [1.0, 2.0], "y": [0, 1]})
    [1.0, 2.0]
    """
    return Sequence(batch["x"], batch["lengths"]) if "lengths" in batch else batch["x"]


def call(model: Layer, params: Any, state: Any, batch: dict, key: Any = None) -> tuple[Any, Any]:
    """Applies a model to a batch.

    Args:
        model: the model.
        params: its parameters.
        state: its state.
        batch: `x`, and `lengths` where examples differ in length.
        key: random key for training; None: inference.

    Returns:
        The outputs, without the carry of a recurrent model, and the new state.
    """
    outputs, state = model.apply(params, state, inputs(batch), key)
    return (outputs.y if isinstance(outputs, Scanned) else outputs), state


def log_prob(trained: Any, x: Any, key: Any = None) -> np.ndarray:
    """Computes the log-likelihood of raw inputs; arguments and errors as of `Trained.log_prob`."""
    if not hasattr(trained.model, "log_prob"):
        raise ValueError(f"{trained.about['model']} has no likelihood: its model has no capability `log_prob`")
    x, alone = checked_inputs(trained.about, x)
    check_finite_inputs(trained.about, x)
    z = scaled(trained.scaler, x)
    values = np.asarray(trained.model.log_prob(trained.params, trained.state, z, as_key(key)))
    return values[0] if alone else values


def recall(trained: Any, x: Any, known: Any = None, key: Any = None) -> Any:
    """Recalls stored patterns from damaged ones: a `zoo.hopfield.Recall` of arrays with a batch axis.

    Args:
        trained: a `Trained` model with the capability `recall`.
        x: raw inputs; above the threshold of the model, an entry is +1, else -1.
        known: bool, of the shape of x or one that broadcasts to it: which entries are known; None: all.
        key: a seed, or a PRNG key, of the order of asynchronous updates; None: always the same random order.

    Raises:
        ValueError: if the model recalls no patterns, or as in `Trained.outputs`.
    """
    if not hasattr(trained.model, "recall"):
        raise ValueError(f"{trained.about['model']} recalls no patterns: its model has no capability `recall`")
    x, _ = checked_inputs(trained.about, x)
    check_finite_inputs(trained.about, x)
    given = np.where(scaled(trained.scaler, x) > 0, np.float32(1), np.float32(-1))
    if known is not None:
        known = np.asarray(known, bool)
        given = np.where(np.broadcast_to(known, given.shape), given, np.float32(0))
    run = jax.jit(trained.model.recall)
    return jax.tree.map(np.asarray, run(trained.params, trained.state, given, as_key(key)))


def reconstruct(trained: Any, x: Any) -> np.ndarray:
    """Computes reconstructions of raw inputs (batch, ...) from their codes, float64 in the units of the data.

    Args:
        trained: a `Trained` model of the task `reconstruct`, or another with the capabilities `features` and `decode`.
        x: inputs, as for `Trained.outputs`.

    Raises:
        ValueError: if the model reconstructs nothing, or as in `Trained.outputs`.
    """
    if trained.task.name == "reconstruct":
        return trained.predict(x)
    features, decode = (getattr(trained.model, name, None) for name in ("features", "decode"))
    if features is None or decode is None:
        raise ValueError(
            f"{trained.about['model']} reconstructs nothing: its model has no capabilities `features` and `decode`"
        )

    def again(params, state, x):
        return decode(params, state, features(params, state, x))

    return trained.scaler.invert(trained._in_chunks(x, None, np.asarray, partial(_features, again, trained)))


def transform(trained: Any, x: Any) -> np.ndarray:
    """Computes features of raw inputs, float32 (batch, n), or (n,) for one input.

    They are the values of hidden units where the model has the capability `features`, such as an `rbm`; the distances
    to all units of a map or to all clusters, in the scale of the model; else the outputs before the task interprets
    them, such as logits.

    Args:
        trained: a `Trained` model.
        x: inputs, as for `Trained.outputs`.

    Raises:
        ValueError: as in `Trained.outputs`.
    """
    features = getattr(trained.model, "features", None)
    run = None if features is None else partial(_features, features, trained)
    found = trained._in_chunks(x, None, np.asarray, run)
    if features is None and "assign" in trained.task.requires:  # outputs are negative squared distances
        found = np.sqrt(np.maximum(-found, 0))
    alone = not hasattr(x, "columns") and np.ndim(x) == len(trained.input_shape)
    return found.reshape(-1) if alone else found.reshape(len(found), -1)


def _features(features: Any, trained: Any, batch: dict) -> jax.Array:
    return _computed(features, trained.params, trained.state, trained.scaler, batch["x"])


@partial(jax.jit, static_argnums=0)
def _computed(features: Any, params: Any, state: Any, scaler: Any, x: jax.Array) -> jax.Array:
    return features(params, state, on_device(scaler, x))
