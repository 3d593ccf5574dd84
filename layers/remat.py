"""Rematerialisation: what the backward pass needs is computed again instead of kept (Chen et al. 2016)."""

from typing import Any

import jax

from .base import Joined, Layer, as_layer

__all__ = ["rematerialised"]


class Thrifty(Layer):
    """A Layer that knows a form of itself which keeps less for the backward pass.

    Attributes:
        thrifty: that form.
    """

    thrifty: Layer

    def __new__(cls, pair: Layer, thrifty: Layer):
        """Makes the pair; see the class for the arguments."""
        layer = super().__new__(cls, pair.init, pair.apply)
        layer.thrifty = thrifty
        return layer


def rematerialised(layer: Layer) -> Layer:
    """Keeps less for the backward pass and computes it again: the same numbers, to rounding, for more time.

    Only what goes from block to block is kept. A block is an innermost part made of layers: a convolution with its
    norm and activation, a residual block. A `scan` keeps its carries, as with `remat=True`.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import dense, serial, tanh
    >>> layer = rematerialised(serial(block=serial(dense(2), tanh, dense(2), tanh), head=dense(1)))
    >>> params, state = layer.init(jax.random.key(0), jnp.ones((1, 2)))
    >>> "remat" in str(jax.make_jaxpr(layer.apply)(params, state, jnp.ones((1, 2))))
    True
    """
    layer = as_layer(layer)
    return layer.rebuilt(_lifted) if isinstance(layer, Joined) else _lifted(layer)


def _lifted(layer: Layer) -> Layer:
    if isinstance(layer, Thrifty):
        return layer.thrifty
    if not isinstance(layer, Joined):
        return layer
    parts = _parts(layer)
    if all(isinstance(part, Joined) for part in parts) or any(map(_has_thrifty, parts)):
        return layer.rebuilt(_lifted)
    again = jax.checkpoint(lambda params, state, x, key: layer.apply(params, state, x, key))
    return Layer(layer.init, lambda params, state, x, key=None: again(params, state, x, key))


def _has_thrifty(layer: Layer) -> bool:
    return isinstance(layer, Thrifty) or any(map(_has_thrifty, _parts(layer)))


def _parts(layer: Any) -> list[Layer]:
    """The parts of a joined layer; of any other none."""
    found: list[Layer] = []

    def note(part):
        found.append(part)
        return part

    if isinstance(layer, Joined):
        layer.rebuilt(note)
    return found
