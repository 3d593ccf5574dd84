"""The gradient of the last output by the inputs of earlier steps, which shows vanishing gradients."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import zoo
from zoo.layers import Layer

from .style import GREY, colour, empty, picture

__all__ = ["gradient_by_lag", "lags", "untrained_lags"]


def gradient_by_lag(model: Layer, params: Any, state: Any, x: Any) -> np.ndarray:
    """Computes the norm of the gradient of the last output with respect to each step of the input.

    The gradient is that of the sum of all outputs; its norm is taken over the features of a step and averaged over
    the examples.

    Args:
        model: model from (batch, time, features) to one output per example.
        params: its parameters.
        state: its state.
        x: floats (batch, time, features).

    Returns:
        (time,) float64; index 0 is the last step (lag 0).

    Raises:
        ValueError: if x has no time axis.
    """
    if x.ndim != 3:
        raise ValueError(f"expected inputs (batch, time, features), got shape {tuple(x.shape)}")

    @jax.jit
    def norms(x):
        gradient = jax.grad(lambda x: jnp.sum(model.apply(params, state, x)[0]))(x)
        return jnp.mean(jnp.linalg.norm(gradient, axis=-1), axis=0)

    return np.asarray(norms(jnp.asarray(x)), np.float64)[::-1]


def untrained_lags(
    names: tuple[str, ...] = ("rnn", "lstm", "gru"), steps: int = 200, width: int = 64, seed: int = 0
) -> dict[str, np.ndarray]:
    """Computes `gradient_by_lag` of untrained models on noise.

    The forget gates of the LSTM are initialised open, so its gradient reaches far back. Those of the GRU are half
    closed: untrained, its gradient vanishes fastest.

    Args:
        names: names of recurrent models.
        steps: length of the noise.
        width: width of the models.
        seed: seed of parameters and noise.
    """
    key = jax.random.key(seed)
    x = jax.random.normal(key, (16, steps, 2))
    norms = {}
    for name in names:
        model = zoo.create(name, 1, width=width)
        params, state = model.init(key, x)
        norms[name] = gradient_by_lag(model, params, state, x)
    return norms


def lags(norms: Mapping[str, np.ndarray], path: Path | str) -> None:
    """Draws norms of gradients by time lag, each relative to its maximum, on a logarithmic scale.

    Args:
        norms: results of `gradient_by_lag` by name.
        path: PNG file to write.
    """
    with picture(path) as figure:
        axes = figure.subplots()
        known = {name: np.asarray(each, np.float64) for name, each in norms.items() if np.any(np.asarray(each) > 0)}
        if not known:
            empty(axes, "no gradient")
            return
        for i, (name, each) in enumerate(known.items()):
            share = each / np.nanmax(each)
            axes.plot(np.arange(len(each)), np.where(share > 0, share, np.nan), color=colour(i), label=name)
        axes.axhline(
            float(np.finfo(np.float32).eps), color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="float32 epsilon"
        )
        axes.set(
            yscale="log",
            ylim=(1e-12, 2),
            xlabel="time lag (steps before the last)",
            ylabel="norm relative to its maximum",
        )
        axes.set_title("gradient of the last output by the input of earlier steps")
        axes.yaxis.set_major_formatter("{x:g}")  # the default writes formulas, which the style does not parse
        axes.legend(loc="lower right")
