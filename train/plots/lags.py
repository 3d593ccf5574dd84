"""The vanishing gradient, seen: how much the last output still feels of what was read so many steps before."""

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
    """The norm of the gradient of the last answer by each step of the input, over the input's mean.

    The gradient is that of the sum of all outputs; its norm is taken over a step's features and averaged over the
    examples.

    Args:
        model: from (batch, time, features) to one answer an example.
        params: its parameters.
        state: its state.
        x: floats (batch, time, features).

    Returns:
        (time,) float64, index 0 for the last step (lag 0), the first step of all at the end.

    Raises:
        ValueError: if x has no time axis.
    """
    if x.ndim != 3:
        raise ValueError(f"gradient_by_lag wants (batch, time, features), got shape {tuple(x.shape)}")

    @jax.jit
    def norms(x):
        gradient = jax.grad(lambda x: jnp.sum(model.apply(params, state, x)[0]))(x)
        return jnp.mean(jnp.linalg.norm(gradient, axis=-1), axis=0)

    return np.asarray(norms(jnp.asarray(x)), np.float64)[::-1]


def untrained_lags(
    names: tuple[str, ...] = ("rnn", "lstm", "gru"), steps: int = 200, width: int = 64, seed: int = 0
) -> dict[str, np.ndarray]:
    """`gradient_by_lag` of freshly made animals on noise: what they can learn from, before they have learned.

    The LSTM's forget gates start open, and it feels far back from the first. The GRU's start half closed: untrained
    it forgets fastest, and remembers only once it has learned to.

    Args:
        names: of the animals.
        steps: of the noise.
        width: of the animals.
        seed: of parameters and noise.
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
    """Draws the gradient's norm by time lag, each as a share of its largest, on a logarithmic scale.

    Args:
        norms: by name, each as `gradient_by_lag` gives it.
        path: the PNG to write.
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
        axes.set(yscale="log", ylim=(1e-12, 2), xlabel="steps before the end", ylabel="gradient (share of the largest)")
        axes.set_title("what the last output feels of earlier steps")
        axes.yaxis.set_major_formatter("{x:g}")  # the default writes formulas, which no text here is read as
        axes.legend(loc="lower right")
