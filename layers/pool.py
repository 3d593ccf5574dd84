"""Pooling and upsampling layers for inputs (batch, *space, channels)."""

from functools import reduce
from math import prod

import jax
import jax.numpy as jnp
import numpy as np

from .base import Layer, as_layer
from .checks import check_choice, check_least_rank
from .precision import floating, promote_float32
from .windows import Axes, Padding, check_axes, check_padding, pads, per_axis

__all__ = ["avg_pool", "global_avg_pool", "global_max_pool", "max_pool", "upsample"]

_SHAPE = "(batch, *space, channels)"


def max_pool(size: Axes, strides: Axes | None = None, padding: Padding = "VALID") -> Layer:
    """Builds max pooling: the maximum of every window. Tied maxima share the gradient.

    Args:
        size: window size along each spatial axis.
        strides: step between neighbouring windows; by default the window size.
        padding: "VALID" for whole windows only, "SAME" for partial windows too, or pairs (before, after).

    >>> import jax.numpy as jnp
    >>> from zoo.layers import max_pool
    >>> x = jnp.array([[15.0, 8.0], [20.0, 9.0]]).reshape(1, 2, 2, 1)
    >>> max_pool(2).apply({}, {}, x)[0].item()
    20.0
    """

    def lowest(dtype):
        if dtype.kind == "b":
            return False
        return -np.inf if jnp.issubdtype(dtype, jnp.inexact) else np.iinfo(dtype).min

    def pool(x, name, window, steps, margins):
        return _fold(jnp.maximum, x, lowest(x.dtype), window, steps, margins)

    return _pool("max_pool", pool, size, strides, padding)


def avg_pool(size: Axes, strides: Axes | None = None, padding: Padding = "VALID") -> Layer:
    """Builds average pooling: the mean of every window, with padding excluded from the mean.

    Args:
        size: window size along each spatial axis.
        strides: step between neighbouring windows; by default the window size.
        padding: "VALID" for whole windows only, "SAME" for partial windows too, or pairs (before, after).

    >>> import jax.numpy as jnp
    >>> from zoo.layers import avg_pool
    >>> x = jnp.array([[15.0, 8.0], [20.0, 9.0]]).reshape(1, 2, 2, 1)
    >>> avg_pool(2).apply({}, {}, x)[0].item()
    13.0
    """

    def pool(x, name, window, steps, margins):
        x = floating(x)
        total = _fold(jnp.add, promote_float32(x), 0, window, steps, margins)
        if not any(map(any, margins)):
            return (total / prod(window)).astype(x.dtype)  # cast last: the total may exceed the range of float16
        cells = _fold(np.add, np.ones((1, *x.shape[1:-1], 1), np.float32), 0, window, steps, margins)
        return (total / jnp.asarray(cells, total.dtype)).astype(x.dtype)

    return _pool("avg_pool", pool, size, strides, padding)


def global_avg_pool() -> Layer:
    """Builds global average pooling: (batch, *space, channels) to (batch, channels) (Lin et al. 2013).

    >>> import jax.numpy as jnp
    >>> from zoo.layers import global_avg_pool
    >>> global_avg_pool().apply({}, {}, jnp.ones((2, 7, 7, 64)))[0].shape
    (2, 64)
    """
    return _global("global_avg_pool", jnp.mean)


def global_max_pool() -> Layer:
    """Builds global max pooling: (batch, *space, channels) to (batch, channels).

    >>> import jax.numpy as jnp
    >>> from zoo.layers import global_max_pool
    >>> global_max_pool().apply({}, {}, jnp.ones((2, 7, 7, 64)))[0].shape
    (2, 64)
    """
    return _global("global_max_pool", jnp.max)


def upsample(factor: Axes, method: str = "nearest") -> Layer:
    """Builds a layer that enlarges every spatial axis by a factor.

    Args:
        factor: integer factor for all spatial axes, or one per axis.
        method: "nearest" repeats every cell; "linear" interpolates between the centres of cells.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import upsample
    >>> upsample(2).apply({}, {}, jnp.array([[[1.0], [2.0]]]))[0].ravel().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    name = f"upsample({factor})"
    check_axes("upsample", factor=factor)
    check_choice("upsample", "method", method, ("nearest", "linear"))

    def forward(x):
        check_least_rank(name, 3, x, _SHAPE)
        factors = per_axis(name, "factor", factor, x.ndim - 2)
        if method == "linear":
            space = [n * f for n, f in zip(x.shape[1:-1], factors, strict=True)]
            return jax.image.resize(x, (x.shape[0], *space, x.shape[-1]), "linear")
        for axis, f in enumerate(factors, 1):
            x = jnp.repeat(x, f, axis)
        return x

    return as_layer(forward)


def _pool(kind, pool, size, strides, padding) -> Layer:
    name = f"{kind}({size})"
    strides = size if strides is None else strides
    check_axes(name, size=size, strides=strides)
    padding = check_padding(name, padding)

    def forward(x):
        check_least_rank(name, 3, x, _SHAPE)
        window = per_axis(name, "size", size, x.ndim - 2)
        steps = per_axis(name, "strides", strides, x.ndim - 2)
        margins = pads(name, x.shape[1:-1], window, steps, padding)
        _check_cells(name, x.shape[1:-1], window, steps, margins)
        return pool(x, name, window, steps, margins)

    return as_layer(forward)


def _check_cells(name, space, window, strides, margins) -> None:
    """Raises a ValueError if a window has no cell of the input: its maximum would be -inf, its mean 0 / 0.

    PyTorch requires that the padding is at most half the window, for the same reason; "SAME" makes no such window.
    """
    for n, size, step, (low, high) in zip(space, window, strides, margins, strict=True):
        last = (n + low + high - size) // step * step
        if n == 0 or low >= size or last >= low + n:
            raise ValueError(
                f"{name}: with the padding {margins} of an input of {'x'.join(map(str, space))} a window lies wholly "
                "in the padding; use a padding smaller than the window"
            )


def _global(name, pool) -> Layer:
    def forward(x):
        check_least_rank(name, 3, x, _SHAPE)
        if 0 in x.shape[1:-1]:
            raise ValueError(f"{name} expects at least one cell along each spatial axis, got shape {tuple(x.shape)}")
        return pool(x, axis=tuple(range(1, x.ndim - 1)))

    return as_layer(forward)


def _fold(join, x, empty, window, strides, margins):
    """Reduces the cells of each window, axis by axis.

    Uses slices instead of `lax.reduce_window`, which takes 10 times as long on CPU, gradient included
    (python -m benchmarks.lowerings --only max-pool).
    """
    xp = np if isinstance(x, np.ndarray) else jnp
    if any(map(any, margins)):
        x = xp.pad(x, ((0, 0), *margins, (0, 0)), constant_values=empty)
    for axis, (size, step) in enumerate(zip(window, strides, strict=True), 1):
        reach = (x.shape[axis] - size) // step * step + 1
        at = [(slice(None),) * axis + (slice(i, i + reach, step),) for i in range(size)]
        x = reduce(join, [x[where] for where in at])
    return x
