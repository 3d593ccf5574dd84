"""In which precision a layer computes: in float32 whatever comes, or in half precision with float32 parameters."""

from typing import Any

import jax
import jax.numpy as jnp

from .base import Joined, Layer, as_layer
from .remat import Thrifty
from .sequence import Sequence

__all__ = ["biased", "computing_in", "full_precision", "lowered", "raised"]


class _Full(Layer):
    """A Layer that sees to its own precision."""


def raised(x: Any) -> Any:
    """Gives an array in float32 at least: what sums over many numbers or steps has too few digits in less.

    >>> raised(jnp.ones(2, jnp.bfloat16)).dtype.name, raised(jnp.ones(2, int)).dtype.kind
    ('float32', 'i')
    """
    floating = jnp.issubdtype(x.dtype, jnp.floating)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32)) if floating else x


def lowered(x: jax.Array, like: jax.Array) -> jax.Array:
    """Gives x in the half precision of an array; where that has none, as it is."""
    return x.astype(like.dtype) if _is_half(like) else x


def biased(y: jax.Array, b: jax.Array) -> jax.Array:
    """Gives y + b, whose gradient in b is summed in float32 also where both are half precision.

    A running sum in bfloat16 stops growing at some 256 times what is added.

    >>> y, b = jnp.zeros((1000, 1), jnp.bfloat16), jnp.zeros(1, jnp.bfloat16)
    >>> jax.grad(lambda b: biased(y, b).astype(jnp.float32).sum())(b).tolist()
    [1000.0]
    """
    return y + jnp.broadcast_to(raised(jnp.asarray(b)), y.shape).astype(y.dtype)


def full_precision(layer: Layer) -> Layer:
    """Makes a layer compute in float32 where it is given less, and give back what it was given.

    `computing_in` leaves its parameters alone. The norms are made so.

    Args:
        layer: any layer or plain function of one array.

    >>> from zoo.layers import full_precision, softmax
    >>> full_precision(softmax).apply({}, {}, jnp.ones((1, 2), jnp.bfloat16))[0].dtype.name
    'bfloat16'
    """
    inner = as_layer(layer)

    def apply(params, state, x, key=None):
        y, state = inner.apply(jax.tree.map(raised, params), state, jax.tree.map(raised, x), key)
        kinds = {leaf.dtype for leaf in jax.tree.leaves(x) if _is_half(leaf)}
        return (_to(kinds.pop(), y) if len(kinds) == 1 else y), state

    return _Full(inner.init, apply)


def computing_in(dtype: Any, layer: Layer) -> Layer:
    """Makes a layer compute in half precision; parameters, state and what comes out stay float32.

    Every innermost part is given its parameters and its input in `dtype`, but for what `full_precision` made. The
    gradients are float32, for the transpose of a cast is a cast back. A recurrent layer's carry is not cast.
    No layer need know of it. (Micikevicius et al. 2018, Mixed precision training.)

    Args:
        dtype: `jnp.bfloat16`, which has float32's range and needs no scaling of the loss.
        layer: any layer.

    Raises:
        ValueError: if the type is no floating one.

    >>> from zoo.layers import computing_in, dense, serial
    >>> layer, x = computing_in(jnp.bfloat16, serial(dense(2), lambda x: x * x.dtype.itemsize)), jnp.ones((1, 1))
    >>> params, state = layer.init(jax.random.key(0), x)
    >>> y = layer.apply({"0": {"w": jnp.full((1, 2), 1.001), "b": jnp.zeros(2)}}, state, x)[0]
    >>> y.dtype.name, y.tolist()
    ('float32', [[2.0, 2.0]])
    """
    if not jnp.issubdtype(dtype, jnp.floating):
        raise ValueError(f"computing_in: dtype must be a floating type such as bfloat16, got {dtype!r}")
    layer = as_layer(layer)
    return _around(dtype, layer.init, _lifted(dtype, layer))


def _around(dtype: Any, init: Any, inner: Layer) -> Layer:
    """The whole, whose parts other lifters still reach; it begins with parameters in float32."""

    def apply(params, state, x, key=None):
        y, state = inner.apply(params, state, _given(dtype, x), key)
        return jax.tree.map(raised, y), state

    if not isinstance(inner, Joined):
        return Layer(init, apply)
    return Joined(init, apply, lambda lift: _around(dtype, init, inner.rebuilt(lift)))


def _lifted(dtype: Any, layer: Layer) -> Layer:
    if isinstance(layer, _Full):
        return layer
    if isinstance(layer, Joined):
        return layer.rebuilt(lambda part: _lifted(dtype, part))
    if isinstance(layer, Thrifty):
        return Thrifty(_cast(dtype, layer), _cast(dtype, layer.thrifty))
    return _cast(dtype, layer)


def _cast(dtype: Any, layer: Layer) -> Layer:
    def apply(params, state, x, key=None):
        y, new = layer.apply(_to(dtype, params), state, _given(dtype, x), key)
        return y, jax.tree.map(lambda leaf, old: leaf.astype(old.dtype), new, state)

    return Layer(layer.init, apply)


def _given(dtype: Any, x: Any) -> Any:
    """The input in a type; what goes on from step to step keeps its own."""
    return x._replace(x=_to(dtype, x.x)) if isinstance(x, Sequence) else _to(dtype, x)


def _to(dtype: Any, tree: Any) -> Any:
    def one(leaf):
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(one, tree)


def _is_half(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype.itemsize < 4
