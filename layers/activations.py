"""Activation functions: plain functions of x, accepted wherever a layer is; all are safe from overflow."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from .checks import check_choice
from .precision import floating, promote_float32

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
    """Returns x unchanged: the identity activation, for regression outputs."""
    return x


def sigmoid(x):
    """Applies the logistic function `1 / (1 + exp(-x))`, with values in (0, 1)."""
    return jax.nn.sigmoid(floating(x))


def tanh(x):
    """Applies the hyperbolic tangent, with values in (-1, 1)."""
    return jnp.tanh(x)


def relu(x):
    """Applies the rectified linear unit `max(0, x)`; the gradient at 0 is 0.

    A unit with negative input for every example has zero gradient and stops learning (see `leaky_relu`).

    >>> import jax
    >>> float(relu(-3.0)), float(jax.grad(relu)(2.0))
    (0.0, 1.0)
    """
    return jax.nn.relu(x)


def leaky_relu(x, slope=0.01):
    """Applies `x` above 0 and `slope * x` below, which keeps the gradient nonzero (Maas et al. 2013)."""
    return jax.nn.leaky_relu(x, slope)


def softmax(x):
    """Normalises the last axis to probabilities `exp(x) / sum(exp(x))`, computed after subtracting the maximum.

    >>> import jax.numpy as jnp
    >>> softmax(jnp.array([1000.0, 1.0])).tolist()
    [1.0, 0.0]
    """
    x = floating(x)
    return jax.nn.softmax(promote_float32(x), axis=-1).astype(x.dtype)


def step(x):
    """Returns 1 where `x >= 0` and 0 elsewhere, the threshold of the perceptron; the gradient is 0."""
    return jnp.where(x >= 0, jnp.ones_like(x), jnp.zeros_like(x))


def sign(x):
    """Returns the sign of x, -1, 0 or 1, the threshold of the Hopfield network; the gradient is 0."""
    return jnp.sign(x)


def softplus(x):
    """Applies softplus `log(1 + exp(x))`, a smooth approximation of relu."""
    return jax.nn.softplus(x)


def elu(x):
    """Applies the exponential linear unit: `x` above 0 and `exp(x) - 1` below (Clevert et al. 2015)."""
    return jax.nn.elu(x)


def selu(x):
    """Applies the scaled ELU, which preserves mean 0 and variance 1 through deep networks (Klambauer et al. 2017)."""
    return jax.nn.selu(x)


def gelu(x):
    """Applies the Gaussian error linear unit, exact, without the tanh approximation (Hendrycks and Gimpel 2016)."""
    return jax.nn.gelu(x, approximate=False)


def silu(x):
    """Applies `x * sigmoid(x)`, also called swish (Elfwing et al. 2017)."""
    return jax.nn.silu(floating(x))


# A dict literal: the command line parses the names from the source text before jax is imported.
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
    """Returns the activation function of a name; a function is returned unchanged.

    Args:
        name: key of `ACTIVATIONS`, or a function of x.

    Raises:
        ValueError: if the name is unknown; the message suggests the closest one.

    >>> activation("relu") is relu and activation(relu) is relu
    True
    """
    if callable(name):
        return name
    return ACTIVATIONS[check_choice("activation", "name", name, ACTIVATIONS)]
