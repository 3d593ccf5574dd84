"""Spectral normalisation: division of the kernels of a layer by their largest singular values."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from .base import Composite, Layer, as_layer
from .checks import check_positive
from .precision import promote_float32

__all__ = ["spectral_norm"]

_INIT_ITERATIONS = 15  # power iterations at init, for an accurate estimate from the first step


def spectral_norm(layer: Layer, *, iterations: int = 1) -> Layer:
    """Wraps a layer to divide every kernel by its largest singular value (Miyato et al. 2018).

    A kernel is a parameter of at least two axes, flattened to a matrix of all axes but the last by the last: for a
    convolution the map from a patch to the filters, for a transposed convolution the reverse. Biases and scales are
    unchanged. The singular value is estimated by power iteration, continued in the state over training calls; inference
    uses the state. Gradients are propagated through the division. A kernel of zeros is not divided, so that it has a
    finite gradient and can leave zero.

    Args:
        layer: any layer with a kernel, or several in `serial`.
        iterations: power iterations per training call.

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
            raise ValueError(
                "spectral_norm: the layer has no kernel (parameter of at least two axes); remove the wrapper"
            )
        keys = jax.random.split(jax.random.fold_in(key, 1), len(names))
        right = {
            name: _iterated(w, jax.random.normal(each, w.shape[-1:], promote_float32(w).dtype), _INIT_ITERATIONS)
            for each, (name, w) in zip(keys, _kernels(params).items(), strict=True)
        }
        return params, {"layer": state, "right": right}

    def apply(params, state, x, key=None):
        right = state["right"]
        if key is not None:
            right = {name: _iterated(w, right[name], iterations) for name, w in _kernels(params).items()}
        y, inner = layer.apply(_divided(params, right), state["layer"], x, key)
        return y, {"layer": inner, "right": right}

    return Composite(init, apply, lambda lift: spectral_norm(lift(layer), iterations=iterations))


def _kernels(params: Any) -> dict[str, Array]:
    """Returns the kernels by their dotted paths, which makes the state a flat dict."""
    leaves = jax.tree_util.tree_flatten_with_path(params)[0]
    return {_name(path): leaf for path, leaf in leaves if leaf.ndim > 1}


def _divided(params: Any, right: dict[str, Array]) -> Any:
    def one(path, leaf):
        if leaf.ndim < 2:
            return leaf
        largest = _largest(leaf, right[_name(path)])
        scale = lax.stop_gradient(largest)  # the gradient of a quotient squares its divisor, beyond float32
        return (leaf / scale / (largest / scale)).astype(leaf.dtype)

    return jax.tree_util.tree_map_with_path(one, params)


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator=".")


def _iterated(w: Array, right: Array, times: int) -> Array:
    """Runs power iterations towards the right singular vector of the largest singular value, without gradient.

    Both products are scaled, as the square of the singular value may exceed the range of float32. A vector that the
    kernel maps to zero would remain zero: it is replaced, so that the next call starts anew.
    """
    matrix = lax.stop_gradient(promote_float32(w.reshape(-1, w.shape[-1])))
    start = np.cos(np.arange(right.size))
    start = jnp.asarray(start / np.linalg.norm(start), right.dtype)
    for _ in range(times):
        right = _unit(_unit(matrix @ right) @ matrix)
        right = jnp.where(jnp.any(right != 0), right, start)
    return right


def _largest(w: Array, right: Array) -> Array:
    """Computes the largest singular value; singular vectors are constants, so its gradient is their outer product.

    It is 1 for a kernel of zeros, or of values so small that their products lose digits.
    """
    matrix = promote_float32(w.reshape(-1, w.shape[-1]))
    product = matrix @ right
    largest = _unit(lax.stop_gradient(product)) @ product
    kind = jnp.finfo(largest.dtype)
    return jnp.where(largest > float(kind.tiny) / float(kind.eps), largest, 1)


def _unit(v: Array) -> Array:
    """Scales a vector to length 1; zeros, and values below the normal numbers, become zeros."""
    # By the maximum first, to avoid overflow and underflow of squares; it is 1 afterwards, and the length at least 1.
    largest = jnp.max(jnp.abs(v))
    normal = largest >= jnp.finfo(v.dtype).tiny
    v = jnp.where(normal, v / jnp.where(normal, largest, 1), 0)
    return v / jnp.maximum(jnp.linalg.norm(v), 1)
