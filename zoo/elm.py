"""Extreme learning machine: a hidden layer of random weights, and a linear layer that is solved by least squares.

Paper: Huang, Zhu & Siew 2006, Extreme learning machine: theory and applications; fields: McDonnell et al. 2015.
Command: python -m zoo.train --model elm
Chart: ELM; input ~> hidden (hidden) -> output
Expect: at least 98 % on the held-out fifth of digits, in a few seconds; at least 97 % of MNIST's 10,000.
About: As only the last layer is fitted, training is one least-squares problem. With enough random features it
separates almost everything.
Equations: H = act(X R + c), R and c random; W = argmin |H W - T|^2 + lambda |W|^2
Limits: It needs many more units than a trained layer, and as many units as examples without a penalty overfit
extremely. Random features of large images ignore neighbourhoods.
"""

import jax
import jax.numpy as jnp

from . import layers
from ._read_out import ReadOut, read_out
from .layers import Activation, Layer, flatten, serial, stateless
from .layers.checks import check_features, check_positive

_SMALLEST = 4  # a receptive field is at least this part of the height and of the width


def elm(
    outputs: int, *, hidden: int = 1000, activation: Activation = "relu", scale: float = 1.0, fields: bool = False
) -> ReadOut:
    """Builds an extreme learning machine from inputs of any shape, flattened, to (batch, outputs).

    Args:
        outputs: number of classes or values to predict.
        hidden: number of hidden units.
        activation: activation function of the hidden units, by name.
        scale: norm of the random weights of a unit, and standard deviation of its bias.
        fields: each unit reads a random rectangle of an image, instead of all pixels.

    >>> import jax, jax.numpy as jnp
    >>> params, _ = elm(10, hidden=30).init(jax.random.key(0), jnp.ones((4, 28, 28, 1)))
    >>> params["hidden"]["projection"]["w"].shape, params["head"]["w"].shape
    ((784, 30), (30, 10))
    """
    check_positive("elm", "hidden", hidden)
    return read_out(serial(projection=_projection(hidden, scale, fields), act=layers.activation(activation)), outputs)


def _projection(width: int, scale: float, fields: bool) -> Layer:
    """Builds a dense layer of random weights and biases, each unit with weights of the same norm."""

    def make(key, x):
        of_weights, of_biases, of_fields = jax.random.split(key, 3)
        w = jax.random.normal(of_weights, (*x.shape[1:], width))
        if fields:
            if x.ndim != 4:
                raise ValueError(
                    f"elm: fields are rectangles of images (batch, height, width, channels), got {x.shape}"
                )
            w = w * _rectangles(of_fields, x.shape[1], x.shape[2], width)
        w = w.reshape(-1, width)
        return {"w": scale * w / jnp.linalg.norm(w, axis=0), "b": scale * jax.random.normal(of_biases, (width,))}

    def apply(params, x):
        check_features(f"projection({width})", params["w"].shape[0], flatten(x))
        return flatten(x) @ params["w"] + params["b"]

    return stateless(make, apply)


def _rectangles(key: jax.Array, height: int, width: int, count: int) -> jax.Array:
    """Draws rectangles as masks (height, width, 1, count)."""

    def inside(key, size):
        of_length, of_start = jax.random.split(key)
        length = jax.random.randint(of_length, (count,), -(-size // _SMALLEST), size + 1)
        start = jnp.floor(jax.random.uniform(of_start, (count,)) * (size + 1 - length))
        place = jnp.arange(size)[:, None]
        return (place >= start) & (place < start + length)

    rows, columns = (inside(each, size) for each, size in zip(jax.random.split(key), (height, width), strict=True))
    return (rows[:, None] & columns[None])[:, :, None]
