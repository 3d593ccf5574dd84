"""Spectral normalisation: every kernel of a layer divided by its largest singular value."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from .base import Joined, Layer, as_layer
from .checks import check_positive

__all__ = ["spectral_norm"]

_AT_FIRST = 15  # power iterations that init makes, so that the first steps are near the mark already


def spectral_norm(layer: Layer, *, iterations: int = 1) -> Layer:
    """Divides every kernel of a layer by its largest singular value (Miyato et al. 2018), so that it stretches nothing.

    A kernel is any parameter of two axes or more, taken as the matrix from all its axes but the last to the last: of a
    convolution the map from a patch to its filters, of a transposed one the way back. Biases and scales are left
    alone. The singular value comes from power iterations, which the state carries on from one training call to the
    next; inference uses what they came to. The gradient goes through the division.

    Args:
        layer: any layer with a kernel, or several in `serial`.
        iterations: power iterations a training call.

    Raises:
        ValueError: at init, if the layer has no kernel.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import dense
    >>> tame = spectral_norm(dense(3, bias=False))
    >>> params, state = tame.init(jax.random.key(0), jnp.ones((1, 2)))
    >>> y, _ = tame.apply({"w": 100 * params["w"]}, state, jnp.eye(2))
    >>> bool(jnp.linalg.norm(y, 2) < 1.001)
    True
    """
    check_positive("spectral_norm", "iterations", iterations)
    layer = as_layer(layer)

    def init(key, x):
        params, state = layer.init(key, x)
        if not (names := list(_kernels(params))):
            raise ValueError("spectral_norm: the layer has no kernel, no parameter of two axes or more; leave it out")
        keys = jax.random.split(jax.random.fold_in(key, 1), len(names))
        right = {
            name: _iterated(w, jax.random.normal(each, w.shape[-1:], w.dtype), _AT_FIRST)
            for each, (name, w) in zip(keys, _kernels(params).items(), strict=True)
        }
        return params, {"layer": state, "right": right}

    def apply(params, state, x, key=None):
        right = state["right"]
        if key is not None:
            right = {name: _iterated(w, right[name], iterations) for name, w in _kernels(params).items()}
        y, inner = layer.apply(_divided(params, right), state["layer"], x, key)
        return y, {"layer": inner, "right": right}

    return Joined(init, apply, lambda lift: spectral_norm(lift(layer), iterations=iterations))


def _kernels(params: Any) -> dict[str, Array]:
    """The kernels by their paths, joined by dots: the state's names hold no second tree."""
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    return {_name(path): leaf for path, leaf in leaves if leaf.ndim > 1}


def _divided(params: Any, right: dict[str, Array]) -> Any:
    def one(path, leaf):
        return leaf / _largest(leaf, right[_name(path)]) if leaf.ndim > 1 else leaf

    return jax.tree_util.tree_map_with_path(one, params)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def _iterated(w: Array, right: Array, times: int) -> Array:
    """Brings a vector nearer to the right singular vector of the largest singular value; no gradient goes through."""
    matrix = lax.stop_gradient(w.reshape(-1, w.shape[-1]))
    for _ in range(times):
        right = _unit((matrix @ right) @ matrix)
    return right


def _largest(w: Array, right: Array) -> Array:
    """The largest singular value, its singular vectors held fast: its derivative by w is their outer product."""
    matrix = w.reshape(-1, w.shape[-1])
    left = _unit(lax.stop_gradient(matrix @ right))
    # Never 0: a kernel of zeros stays one.
    return jnp.maximum(left @ (matrix @ right), jnp.finfo(w.dtype).tiny)


def _unit(v: Array) -> Array:
    # Scaled first, so that no square overflows or vanishes.
    v = v / jnp.maximum(jnp.max(jnp.abs(v)), jnp.finfo(v.dtype).tiny)
    return v / jnp.maximum(jnp.linalg.norm(v), jnp.finfo(v.dtype).tiny)
