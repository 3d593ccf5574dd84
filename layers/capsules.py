"""Capsules: vectors whose length says whether something is there, and routing by agreement between two layers of them.

Sabour, Frosst & Hinton 2017, Dynamic routing between capsules.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .activations import softmax
from .base import Layer, stateless
from .checks import check_features, check_positive, check_rank
from .initializers import normal
from .precision import promote_float32

__all__ = ["Routed", "capsules", "route", "squash"]

_SQUARE = 1e-12  # added to squared lengths, whose root has no gradient at 0


class Routed(NamedTuple):
    """Outputs of routing, and how it came to them.

    Attributes:
        y: capsules (batch, outputs, features), of a length below 1.
        shares: for each iteration the share of each input that goes to each output, (iterations, batch, inputs,
            outputs); those of an input have the sum 1.
        agreement: for each iteration the scalar products of predictions and outputs, of the same shape.
    """

    y: jax.Array
    shares: jax.Array
    agreement: jax.Array


def squash(s: jax.Array) -> jax.Array:
    """Shrinks vectors along the last axis to the length `|s|^2 / (1 + |s|^2)`, in their direction.

    >>> squash(jnp.array([[3.0, 0.0], [0.0, 0.0]])).round(3).tolist()
    [[0.9, 0.0], [0.0, 0.0]]
    """
    square = jnp.sum(jnp.square(promote_float32(s)), axis=-1, keepdims=True)
    return (promote_float32(s) * jnp.sqrt(square + _SQUARE) / (1 + square)).astype(s.dtype)


def route(predictions: jax.Array, iterations: int = 3) -> Routed:
    """Routes inputs to the outputs that their predictions agree with; the gradient passes through all iterations.

    Each example has routing logits of its own, 0 at first, to which the agreement is added in each iteration.

    Args:
        predictions: what each input predicts of each output, (batch, inputs, outputs, features).
        iterations: at least 1; one weighs all outputs equally.

    >>> same = jnp.array([[[[2.0], [1.0]], [[2.0], [-1.0]]]])
    >>> [round(float(y), 3) for y in route(same).y[0, :, 0]]
    [0.896, 0.0]
    """
    check_positive("route", "iterations", iterations)
    predictions = promote_float32(predictions)
    logits, shares, agreement, y = jnp.zeros(predictions.shape[:3]), [], [], None
    for _ in range(iterations):
        shares.append(softmax(logits))
        y = squash(jnp.einsum("bio,biof->bof", shares[-1], predictions))
        agreement.append(jnp.einsum("biof,bof->bio", predictions, y))
        logits = logits + agreement[-1]
    assert y is not None, "at least one iteration"
    return Routed(y, jnp.stack(shares), jnp.stack(agreement))


def capsules(count: int, features: int, *, iterations: int = 3) -> Layer:
    """Builds a layer of capsules above another one: (batch, inputs, features) to `Routed`, of `count` capsules.

    Args:
        count: number of capsules.
        features: numbers of each of them.
        iterations: iterations of the routing.

    >>> from zoo.layers.capsules import capsules
    >>> layer, x = capsules(3, 4), jnp.ones((2, 5, 8))
    >>> params, state = layer.init(jax.random.key(0), x)
    >>> params["w"].shape, layer.apply(params, state, x)[0].y.shape
    ((5, 3, 8, 4), (2, 3, 4))
    """
    name = f"capsules({count}, {features})"
    for argument, value in {"count": count, "features": features, "iterations": iterations}.items():
        check_positive(name, argument, value)

    def init(key, x):
        check_rank(name, 3, x, "(batch, capsules, features)")
        inputs, read = x.shape[1:]
        return {"w": normal(read**-0.5)(key, (inputs, count, read, features))}

    def apply(params, x):
        check_rank(name, 3, x, "(batch, capsules, features)")
        check_features(name, params["w"].shape[0], x, axis=1, what="capsules")
        check_features(name, params["w"].shape[2], x)
        return route(jnp.einsum("bir,iorf->biof", x, params["w"]), iterations)

    return stateless(init, apply)
