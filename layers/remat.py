"""Rematerialisation: activations recomputed in the backward pass instead of stored (Chen et al. 2016)."""

from typing import Any

import jax

from .base import Composite, Layer, as_layer

__all__ = ["rematerialised"]


class Rematerialisable(Layer):
    """Layer with an alternative form that stores less for the backward pass.

    Attributes:
        remat: the alternative form, with equal outputs.
    """

    remat: Layer

    def __new__(cls, pair: Layer, remat: Layer):
        """Creates the layer; see the class for the arguments."""
        layer = super().__new__(cls, pair.init, pair.apply)
        layer.remat = remat
        return layer


def rematerialised(layer: Layer) -> Layer:
    """Wraps a layer to recompute activations in the backward pass: less memory, more time, equal up to rounding.

    Only activations between blocks are stored. A block is an innermost composition of layers, such as a convolution
    with its norm and activation, or a residual block. A `scan` stores its carries, as with `remat=True`.

    Args:
        layer: any layer.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import dense, serial, tanh
    >>> layer = rematerialised(serial(block=serial(dense(2), tanh, dense(2), tanh), head=dense(1)))
    >>> params, state = layer.init(jax.random.key(0), jnp.ones((1, 2)))
    >>> "remat" in str(jax.make_jaxpr(layer.apply)(params, state, jnp.ones((1, 2))))
    True
    """
    layer = as_layer(layer)
    return layer.map_parts(_lifted) if isinstance(layer, Composite) else _lifted(layer)


def _lifted(layer: Layer) -> Layer:
    if isinstance(layer, Rematerialisable):
        return layer.remat
    if not isinstance(layer, Composite):
        return layer
    parts = _parts(layer)
    if all(isinstance(part, Composite) for part in parts) or any(map(_has_rematerialisable, parts)):
        return layer.map_parts(_lifted)
    again = jax.checkpoint(lambda params, state, x, key: layer.apply(params, state, x, key))
    return Layer(layer.init, lambda params, state, x, key=None: again(params, state, x, key))


def _has_rematerialisable(layer: Layer) -> bool:
    return isinstance(layer, Rematerialisable) or any(map(_has_rematerialisable, _parts(layer)))


def _parts(layer: Any) -> list[Layer]:
    """Returns the parts of a composite layer; an empty list for any other."""
    found: list[Layer] = []

    def collect(part):
        found.append(part)
        return part

    if isinstance(layer, Composite):
        layer.map_parts(collect)
    return found
