"""Convolution and its adjoint as functions of input and kernel, in forms that are fast on CPU."""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from .materialise import materialised, saved_materialised

__all__ = ["convolve", "convolve_adjoint"]


def convolve(
    x: Array,
    w: Array,
    *,
    strides: Sequence[int] | None = None,
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int] | None = None,
    groups: int = 1,
) -> Array:
    """Computes the cross-correlation of (batch, *space, channels) with a kernel (*size, channels / groups, width)."""
    dtype = jnp.promote_types(x.dtype, w.dtype)
    x = saved_materialised(x.astype(dtype), w)
    return _convolve(x, w.astype(dtype), strides, padding, dilation, groups)


def _convolve(x: Array, w: Array, strides: Any, padding: Any, dilation: Any = None, groups: int = 1) -> Array:
    if strides and max(dilation or (1,)) == groups == 1 and _large(w.shape, strides):
        x, w = _unstrided(x, w, strides, padding)
        strides, padding = None, ((0, 0),) * (w.ndim - 2)
    space = "DHW"[5 - w.ndim :]
    return lax.conv_general_dilated(
        x,
        w,
        window_strides=strides or (1,) * len(space),
        padding=padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
        dimension_numbers=(f"N{space}C", f"{space}IO", f"N{space}C"),
    )


def _large(size: Sequence[int], strides: Sequence[int]) -> bool:
    """Returns whether a kernel is so large that `_unstrided`, which pads it to multiples of the strides, saves time."""
    return max(strides) > 1 and all(k >= 4 * s for k, s in zip(size, strides, strict=False))


def _unstrided(x: Array, w: Array, strides: Sequence[int], padding: Sequence[tuple[int, int]]) -> tuple[Array, Array]:
    """Returns input and kernel of the same convolution without strides and padding: their blocks become channels.

    XLA computes the gradient of the input by a convolution of an array dilated with zeros. With 9x9 filters and strides
    of 2, forward pass and gradients then take seven times as long on CPU (python -m benchmarks.lowerings --only
    strided). The forward pass alone takes longer here, as it multiplies by the zeros that pad the filters.
    """
    blocks = [-(-k // s) for k, s in zip(w.shape, strides, strict=False)]
    outputs = [
        (n + sum(pad) - k) // s + 1 for n, pad, k, s in zip(x.shape[1:], padding, w.shape, strides, strict=False)
    ]
    read = [(n + block - 1) * s for n, block, s in zip(outputs, blocks, strides, strict=True)]
    ends = [(lo, length - n - lo, 0) for length, n, (lo, _) in zip(read, x.shape[1:], padding, strict=False)]
    x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *ends, (0, 0, 0)])  # also cuts off what no window reads
    w = jnp.pad(w, [(0, block * s - k) for block, s, k in zip(blocks, strides, w.shape, strict=False)] + [(0, 0)] * 2)
    kernel = _blocks_to_channels(w.reshape(1, *w.shape[:-2], -1), strides)
    return _blocks_to_channels(x, strides), kernel.reshape(*blocks, -1, w.shape[-1])


def _blocks_to_channels(x: Array, strides: Sequence[int]) -> Array:
    """Rearranges (batch, *space, channels) to (batch, *space / strides, prod(strides) * channels)."""
    counts = [n // s for n, s in zip(x.shape[1:], strides, strict=False)]
    axes = len(strides)
    x = x.reshape(x.shape[0], *(part for pair in zip(counts, strides, strict=True) for part in pair), x.shape[-1])
    x = x.transpose(0, *range(1, 2 * axes, 2), *range(2, 2 * axes + 1, 2), 2 * axes + 1)
    return x.reshape(x.shape[0], *counts, prod(strides) * x.shape[-1])


def convolve_adjoint(
    x: Array, w: Array, *, strides: Sequence[int], low: Sequence[int], space: Sequence[int], fast: bool = True
) -> Array:
    """Computes the transposed convolution of (batch, *space', channels): `y[i * stride + t - low] += x[i] @ w[t].T`.

    The custom gradient of the kernel is that of the corresponding convolution. Automatic differentiation would
    convolve an input dilated with zeros; on CPU, forward pass and gradients then take 7 times as long
    (python -m benchmarks.lowerings).

    Args:
        x: input, (batch, *space', channels).
        w: kernel (*size, width, channels) of the convolution from `space` to `space'`.
        strides: strides of that convolution.
        low: its padding before each spatial axis.
        space: its input size, which is the output size here.
        fast: custom gradient, reverse mode of any order only; False: automatic differentiation, all modes.

    Returns:
        Output of shape (batch, *space, width).
    """
    dtype = jnp.promote_types(x.dtype, w.dtype)
    high = [(i - 1) * s + k - n - lo for i, s, k, n, lo in zip(x.shape[1:], strides, w.shape, space, low, strict=False)]
    margins = tuple(zip(low, high, strict=True))
    adjoint = _fast_adjoint if fast else _adjoint
    return adjoint(tuple(strides), margins, x.astype(dtype), w.astype(dtype))


def _adjoint(strides: Sequence[int], margins: Sequence[tuple[int, int]], x: Array, w: Array) -> Array:
    """Computes the adjoint as a convolution of the dilated input with the flipped kernel."""
    axes = range(w.ndim - 2)
    space = "DHW"[5 - w.ndim :]
    return lax.conv_general_dilated(
        x,
        jnp.flip(w, axes),
        window_strides=(1,) * len(strides),
        padding=[(w.shape[i] - 1 - lo, w.shape[i] - 1 - hi) for i, (lo, hi) in zip(axes, margins, strict=True)],
        lhs_dilation=strides,
        dimension_numbers=(f"N{space}C", f"{space}OI", f"N{space}C"),
    )


_fast_adjoint = jax.custom_vjp(_adjoint, nondiff_argnums=(0, 1))


def _forward(strides, margins, x, w):
    x = materialised(x, w)
    return _adjoint(strides, margins, x, w), (x, w)


def _backward(strides, margins, saved, cotangent):
    x, w = saved
    forward = partial(_convolve, materialised(cotangent, w), strides=strides, padding=margins)
    return forward(w), jax.linear_transpose(forward, w)(x)[0]


_fast_adjoint.defvjp(_forward, _backward)
