"""Activations: plain functions of x, each a layer inside `serial`, none of which overflows."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from .checks import check_choice
from .precision import raised

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "activation",
    "elu",
    "gelu",
    "leaky_relu",
    "linear",
    "relu",
    "selu",
    "sigmoid",
    "sign",
    "silu",
    "softmax",
    "softplus",
    "step",
    "tanh",
]

Activation = str | Callable
"""A name of `ACTIVATIONS`, or a function of x."""


def linear(x):
    """Gives x back: no activation, the output of a regression."""
    return x


def sigmoid(x):
    """The logistic function `1 / (1 + exp(-x))`, between 0 and 1."""
    return jax.nn.sigmoid(x)


def tanh(x):
    """The hyperbolic tangent, between -1 and 1."""
    return jnp.tanh(x)


def relu(x):
    """`max(0, x)`; its slope at 0 is 0. A unit that is below 0 for every example learns nothing: it has died.

    >>> import jax
    >>> float(relu(-3.0)), float(jax.grad(relu)(2.0))
    (0.0, 1.0)
    """
    return jax.nn.relu(x)


def leaky_relu(x, slope=0.01):
    """`x` above 0 and `slope * x` below, so that no unit dies (Maas et al. 2013)."""
    return jax.nn.leaky_relu(x, slope)


def softmax(x):
    """`exp(x) / sum(exp(x))` over the last axis, the largest subtracted first.

    >>> import jax.numpy as jnp
    >>> softmax(jnp.array([1000.0, 1.0])).tolist()
    [1.0, 0.0]
    """
    return jax.nn.softmax(raised(x), axis=-1).astype(x.dtype)


def step(x):
    """1 where `x >= 0` and 0 elsewhere, the threshold of the perceptron; its slope is 0 everywhere."""
    return jnp.where(x >= 0, jnp.ones_like(x), jnp.zeros_like(x))


def sign(x):
    """-1 below 0, 0 at 0, 1 above, the threshold of the Hopfield network; its slope is 0 everywhere."""
    return jnp.sign(x)


def softplus(x):
    """`log(1 + exp(x))`, a smooth relu."""
    return jax.nn.softplus(x)


def elu(x):
    """`x` above 0 and `exp(x) - 1` below (Clevert et al. 2015)."""
    return jax.nn.elu(x)


def selu(x):
    """ELU scaled so that mean 0 and variance 1 go through a deep net unchanged (Klambauer et al. 2017)."""
    return jax.nn.selu(x)


def gelu(x):
    """`x` times the normal distribution function of `x`, exact, not by tanh (Hendrycks and Gimpel 2016)."""
    return jax.nn.gelu(x, approximate=False)


def silu(x):
    """`x * sigmoid(x)`, also named swish (Elfwing et al. 2017)."""
    return jax.nn.silu(x)


# A literal: the command line reads the names from this file's text before jax is imported.
ACTIVATIONS = {
    "linear": linear,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "softmax": softmax,
    "step": step,
    "sign": sign,
    "softplus": softplus,
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": silu,
}


def activation(name: Activation) -> Callable:
    """Gives the activation of that name; a function is given back as it is.

    Raises:
        ValueError: naming the nearest, if there is no such activation.

    >>> activation("relu") is relu and activation(relu) is relu
    True
    """
    if callable(name):
        return name
    return ACTIVATIONS[check_choice("activation", "name", name, ACTIVATIONS)]
