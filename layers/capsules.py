"""Capsules, vectors whose length is the degree to which something is there, and routing by agreement between them.

Sabour, Frosst & Hinton 2017, Dynamic routing between capsules.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .activations import softmax
from .base import Layer, stateless
from .checks import check_features, check_positive, check_rank
from .initializers import normal
from .precision import floating, match_half, promote_float32

__all__ = ["Routed", "capsules", "route", "squash"]

_SQUARE = 1e-12  # added to squared lengths, whose root has no gradient at 0


class Routed(NamedTuple):
    """Holds the outputs of routing, and how it came to them.

    Attributes:
        y: capsules (batch, outputs, features), of a length below 1.
        shares: in each iteration the share of each input that goes to each output (batch, iterations, inputs,
            outputs); those of an input have the sum 1.
        agreement: in each iteration the scalar products of predictions and outputs, of the same shape.
    """

    y: jax.Array
    shares: jax.Array
    agreement: jax.Array

    @property
    def lengths(self) -> jax.Array:
        """Lengths of the capsules (batch, outputs), whose gradient is finite at 0, too."""
        return jnp.sqrt(jnp.sum(jnp.square(self.y), axis=-1) + _SQUARE)


def squash(s: jax.Array) -> jax.Array:
    """Shrinks vectors along the last axis to the length `|s|^2 / (1 + |s|^2)`, in their direction.

    >>> [round(value, 3) for value in squash(jnp.array([3.0, 0.0])).tolist()]
    [0.9, 0.0]
    """
    wide = promote_float32(floating(s))
    square = jnp.sum(jnp.square(wide), axis=-1, keepdims=True)
    return match_half(wide * jnp.sqrt(square + _SQUARE) / (1 + square), s)


def route(predictions: jax.Array, iterations: int = 3) -> Routed:
    """Routes inputs to the outputs that their predictions agree with (procedure 1 of the paper).

    Each example has routing logits of its own, 0 at first, to which each iteration adds the agreement. The gradient
    passes through all iterations.

    Args:
        predictions: what each input predicts of each output (batch, inputs, outputs, features).
        iterations: number of iterations, at least 1; the first one weighs all outputs equally.

    >>> same = jnp.array([[[[2.0], [1.0]], [[2.0], [-1.0]]]])
    >>> [round(float(y), 3) for y in route(same).y[0, :, 0]]
    [0.938, 0.0]
    """
    check_positive("route", "iterations", iterations)
    predictions = promote_float32(floating(predictions))
    # Not a softmax of zeros, which XLA computes while it compiles.
    shares = jnp.full(predictions.shape[:3], 1 / max(predictions.shape[2], 1), predictions.dtype)
    logits, steps = jnp.zeros((), predictions.dtype), []
    for i in range(iterations):
        shares = softmax(logits) if i else shares
        y = squash(jnp.einsum("bio,biof->bof", shares, predictions))
        agreement = jnp.einsum("biof,bof->bio", predictions, y)
        logits = logits + agreement
        steps.append((y, shares, agreement))
    outputs, *others = zip(*steps, strict=True)
    return Routed(outputs[-1], *(jnp.stack(each, axis=1) for each in others))


def capsules(count: int, features: int, *, iterations: int = 3) -> Layer:
    """Builds a layer of capsules: (batch, inputs, features) to `Routed`, with y of (batch, count, features).

    Each input predicts each capsule by a matrix of weights of its own.

    Args:
        count: number of capsules.
        features: numbers of each of them.
        iterations: iterations of the routing by agreement.

    Raises:
        ValueError: for sizes that are not positive, or another number of inputs than at init.

    >>> from zoo.layers import capsules
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
        # So that the sum of all predictions, weighted by equal shares, is as long as an input.
        return {"w": normal(count * (max(inputs, 1) * features) ** -0.5)(key, (inputs, count, read, features))}

    def apply(params, x):
        check_rank(name, 3, x, "(batch, capsules, features)")
        check_features(name, params["w"].shape[0], x, axis=1, what="capsules")
        check_features(name, params["w"].shape[2], x)
        return route(jnp.einsum("bir,iorf->biof", x, params["w"]), iterations)

    return stateless(init, apply)
