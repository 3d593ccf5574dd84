"""Convolution and its adjoint as functions of input and kernel, in forms that are fast on CPU."""

from collections.abc import Sequence
from functools import partial
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
