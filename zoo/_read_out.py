"""Models whose last layer is linear in features that no gradient trains, so that it can be solved in closed form."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from .layers import Layer, dense, serial

__all__ = ["ReadOut", "read_out"]


class ReadOut(NamedTuple):
    """Model with a linear layer `head` on features, and the capability that least squares need.

    Attributes:
        init: as of a `Layer`; params are `{"hidden": ..., "head": {"w", "b"}}`.
        apply: as of a `Layer`.
        features: `(params, state, x) -> (batch, features)`, the inputs of `head`.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., jax.Array]


def read_out(hidden: Layer, outputs: int) -> ReadOut:
    """Builds a model from a layer that makes features and a linear layer on them.

    Args:
        hidden: layer without state, from the inputs to features (batch, n).
        outputs: number of outputs.

    >>> import jax, jax.numpy as jnp
    >>> model = read_out(dense(7), 3)
    >>> params, state = model.init(jax.random.key(0), jnp.ones((2, 4)))
    >>> model.features(params, state, jnp.ones((2, 4))).shape, model.apply(params, state, jnp.ones((2, 4)))[0].shape
    ((2, 7), (2, 3))
    """
    model, part = serial(hidden=hidden, head=dense(outputs)), serial(hidden=hidden)

    def features(params, state, x):
        return part.apply({"hidden": params.get("hidden", {})}, state, x)[0]

    return ReadOut(model.init, model.apply, features)
