"""The arithmetic of convolution and of its adjoint, as functions of x and the kernel, in the forms that are fast."""

from collections.abc import Sequence
from math import prod

import jax.numpy as jnp
from jax import Array, lax

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
    """Cross-correlates (batch, *space, channels) with a kernel (*size, channels / groups, width)."""
    dtype = jnp.promote_types(x.dtype, w.dtype)
    space = "DHW"[5 - w.ndim :]
    y = lax.conv_general_dilated(
        x.astype(dtype),
        w.astype(dtype),
        window_strides=strides or (1,) * len(space),
        padding=padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
        dimension_numbers=(f"N{space}C", f"{space}IO", f"N{space}C"),
    )
    # The barrier's transpose keeps what makes the cotangent out of the two gradient convolutions: on the CPU a net of
    # two convolutions trains 1.3 times as fast (python -m benchmarks.lowerings). Elsewhere it would only stand in the
    # way of fusion.
    return lax.platform_dependent(y, cpu=lax.optimization_barrier, default=lambda y: y)


def convolve_adjoint(x: Array, w: Array, *, strides: Sequence[int], low: Sequence[int], space: Sequence[int]) -> Array:
    """Turns (batch, *space', channels) to (batch, *space, width): `y[i * stride + t - low] += x[i] @ w[t].T`.

    Written as one convolution without strides that gives all cells between two strides as channels (Shi et al. 2016,
    "sub-pixel"): autodiff of the usual form, which spreads x with zeros, takes 10 times as long on the CPU
    (python -m benchmarks.lowerings).

    Args:
        x: the input.
        w: kernel (*size, width, channels) of the convolution from `space` to `space'`.
        strides: of that convolution.
        low: cells that it adds before each axis.
        space: of its input, that is, of this function's output.
    """
    kernel, (first, last) = _phases(w, strides, low)
    places = [-(-n // s) for n, s in zip(space, strides, strict=True)]
    padding = [(hi, q - n - lo) for lo, hi, q, n in zip(first, last, places, x.shape[1:-1], strict=True)]
    y = convolve(x, kernel, padding=padding).reshape(x.shape[0], *places, *strides, w.shape[-2])
    rank = len(strides)
    pairs = [axis for i in range(1, rank + 1) for axis in (i, rank + i)]
    y = y.transpose(0, *pairs, 2 * rank + 1).reshape(x.shape[0], *map(prod, zip(places, strides, strict=True)), -1)
    return y[(slice(None), *(slice(n) for n in space))]


def _phases(w: Array, strides: Sequence[int], low: Sequence[int]) -> tuple[Array, tuple[list[int], list[int]]]:
    """Sorts the taps by their place between two strides; gives the kernel and the first and last input cell it uses.

    Output cell `q * stride + r` gets input cell `q - d` by tap `r + low + d * stride`: each r is a channel, each d a
    tap of the new kernel, mirrored.
    """
    size, rank = w.shape[:-2], len(strides)
    first = [-n // s for n, s in zip(low, strides, strict=True)]
    last = [(k - 1 - n) // s for k, n, s in zip(size, low, strides, strict=True)]
    taps = [hi - lo + 1 for lo, hi in zip(first, last, strict=True)]
    starts = [n + lo * s for n, lo, s in zip(low, first, strides, strict=True)]
    margins = [(-at, m * s + at - k) for at, m, s, k in zip(starts, taps, strides, size, strict=True)]
    w = jnp.pad(w, (*margins, (0, 0), (0, 0)))
    w = w.reshape(*(n for pair in zip(taps, strides, strict=True) for n in pair), *w.shape[-2:])
    w = jnp.flip(w, range(0, 2 * rank, 2))
    w = w.transpose(*range(0, 2 * rank, 2), 2 * rank + 1, *range(1, 2 * rank, 2), 2 * rank)
    return w.reshape(*taps, w.shape[rank], -1), (first, last)
