"""Mixed precision: layers that compute in half precision with float32 parameters, or always in float32."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .base import Composite, Layer, as_layer
from .remat import Rematerialisable
from .sequence import Sequence

__all__ = ["add_bias", "computing_in", "floating", "full_precision", "match_half", "promote_float32"]


class _FullPrecision(Layer):
    """Layer made by `full_precision`, which `computing_in` leaves unchanged."""


def promote_float32(x: Any) -> Any:
    """Casts floating-point arrays to float32 or wider, for sums over many values or steps.

    >>> promote_float32(jnp.ones(2, jnp.bfloat16)).dtype.name, promote_float32(jnp.ones(2, int)).dtype.kind
    ('float32', 'i')
    """
    floating = jnp.issubdtype(x.dtype, jnp.floating)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32)) if floating else x


def floating(x: Any) -> Any:
    """Casts integers and booleans to float32, where their sums would wrap around and their fractions be cut off.

    >>> floating(jnp.ones(2, jnp.uint8)).dtype.name, floating(jnp.ones(2, jnp.bfloat16)).dtype.name
    ('float32', 'bfloat16')
    """
    return x if jnp.issubdtype(jnp.result_type(x), jnp.inexact) else jnp.asarray(x, jnp.float32)


def match_half(x: jax.Array, like: jax.Array) -> jax.Array:
    """Casts x to the dtype of `like` if that is half precision; returns it unchanged otherwise."""
    return x.astype(like.dtype) if _is_half(like) else x


def add_bias(y: jax.Array, b: jax.Array) -> jax.Array:
    """Adds a bias, with the bias gradient summed in float32 even in half precision.

    A running sum in bfloat16 stops growing at about 256 times the summand.

    >>> y, b = jnp.zeros((1000, 1), jnp.bfloat16), jnp.zeros(1, jnp.bfloat16)
    >>> jax.grad(lambda b: add_bias(y, b).astype(jnp.float32).sum())(b).tolist()
    [1000.0]
    """
    return y + jnp.broadcast_to(promote_float32(jnp.asarray(b)), y.shape).astype(y.dtype)


def full_precision(layer: Layer | Callable) -> Layer:
    """Wraps a layer to compute in float32 or wider and to return outputs in the dtype of its inputs.

    `computing_in` does not cast its parameters. The normalisation layers use it.

    Args:
        layer: any layer, or a function of one array.

    >>> from zoo.layers import full_precision, softmax
    >>> full_precision(softmax).apply({}, {}, jnp.ones((1, 2), jnp.bfloat16))[0].dtype.name
    'bfloat16'
    """
    inner = as_layer(layer)

    def apply(params, state, x, key=None):
        y, state = inner.apply(jax.tree.map(promote_float32, params), state, jax.tree.map(promote_float32, x), key)
        kinds = {leaf.dtype for leaf in jax.tree.leaves(x) if _is_half(leaf)}
        return (_to(kinds.pop(), y) if len(kinds) == 1 else y), state

    return _FullPrecision(inner.init, apply)


def computing_in(dtype: Any, layer: Layer) -> Layer:
    """Wraps a layer to compute in half precision; parameters, state and outputs remain float32.

    Parameters and inputs of every innermost part are cast to `dtype`, except for parts made by `full_precision`.
    Gradients are float32, as the transpose of a cast is a cast back. The carry of recurrent layers is not cast. Works
    for any layer, without changes to it (Micikevicius et al. 2018, Mixed precision training).

    Args:
        dtype: dtype to compute in; `jnp.bfloat16` has the range of float32 and needs no loss scaling.
        layer: any layer.

    Raises:
        ValueError: if the dtype is not a floating-point one.

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
    """Wraps the transformed layer with float32 parameters and outputs; its parts remain accessible."""

    def apply(params, state, x, key=None):
        y, state = inner.apply(params, state, _cast_input(dtype, x), key)
        return jax.tree.map(promote_float32, y), state

    if not isinstance(inner, Composite):
        return Layer(init, apply)
    return Composite(init, apply, lambda lift: _around(dtype, init, inner.map_parts(lift)), inner.names)


def _lifted(dtype: Any, layer: Layer) -> Layer:
    if isinstance(layer, _FullPrecision):
        return layer
    if isinstance(layer, Composite):
        return layer.map_parts(lambda part: _lifted(dtype, part))
    if isinstance(layer, Rematerialisable):
        return Rematerialisable(_cast(dtype, layer), _cast(dtype, layer.remat))
    return _cast(dtype, layer)


def _cast(dtype: Any, layer: Layer) -> Layer:
    def apply(params, state, x, key=None):
        y, new = layer.apply(_to(dtype, params), state, _cast_input(dtype, x), key)
        return y, jax.tree.map(lambda leaf, old: leaf.astype(old.dtype), new, state)

    return Layer(layer.init, apply)


def _cast_input(dtype: Any, x: Any) -> Any:
    """Casts an input; the carry of a `Sequence` keeps its dtype."""
    return x._replace(x=_to(dtype, x.x)) if isinstance(x, Sequence) else _to(dtype, x)


def _to(dtype: Any, tree: Any) -> Any:
    def one(leaf):
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(one, tree)


def _is_half(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype.itemsize < 4
