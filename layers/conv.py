"""Convolution layers over the one, two or three spatial axes of (batch, *space, channels)."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from .base import Layer, stateless
from .checks import check_features, check_function, check_positive, check_rank
from .convolve import convolve, convolve_adjoint
from .initializers import Initializer, he_normal
from .precision import add_bias
from .windows import Axes, Padding, check_axes, check_padding, pads, per_axis

__all__ = ["conv", "conv_transpose", "depthwise_conv"]

_AXES = {
    1: "(batch, time, channels)",
    2: "(batch, height, width, channels)",
    3: "(batch, depth, height, width, channels)",
}


def conv(
    width: int,
    size: Axes,
    *,
    strides: Axes = 1,
    padding: Padding = "SAME",
    dilation: Axes = 1,
    groups: int = 1,
    bias: bool = True,
    init: Initializer = he_normal(),  # noqa: B008
) -> Layer:
    """Builds a convolution: shape (batch, *space, channels) to (batch, *space', width).

    As usual in deep learning it computes the cross-correlation: the filter is not flipped.

    Args:
        width: number of filters, that is, of output channels.
        size: filter size along each spatial axis.
        strides: step between neighbouring windows along each spatial axis.
        padding: "SAME" for outputs of size `ceil(space / stride)`, "VALID" for no padding, or pairs (before, after).
        dilation: step between neighbouring taps of the filter.
        groups: number of groups; each group of filters reads its own share of the channels.
        bias: learned bias per filter, initialised to 0.
        init: initializer of the kernel `w`, shape (*size, channels / groups, width).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import conv
    >>> params, _ = conv(8, 3).init(jax.random.key(0), jnp.ones((2, 28, 28, 1)))
    >>> params["w"].shape
    (3, 3, 1, 8)
    """
    name = f"conv({width}, {size})"
    check_positive("conv", "width", width)
    check_positive("conv", "groups", groups)
    if width % groups:
        raise ValueError(f"{name}: width must be a multiple of groups={groups}")
    filters = _Filters(lambda channels: (width, groups), lambda w: w.shape[-2] * groups)
    return _conv(name, filters, size, strides, padding, dilation, bias, init)


def depthwise_conv(
    size: Axes,
    *,
    multiplier: int = 1,
    strides: Axes = 1,
    padding: Padding = "SAME",
    dilation: Axes = 1,
    bias: bool = True,
    init: Initializer = he_normal(),  # noqa: B008
) -> Layer:
    """Builds a depthwise convolution: (batch, *space, channels) to (batch, *space', channels * multiplier).

    Every channel has its own filters. Followed by `conv(width, 1)` it is a separable convolution (Chollet 2016).

    Args:
        size: filter size along each spatial axis.
        multiplier: number of filters per channel.
        strides: step between neighbouring windows along each spatial axis.
        padding: "SAME", "VALID" or pairs (before, after), as in `conv`.
        dilation: step between neighbouring taps of the filter.
        bias: learned bias per filter, initialised to 0.
        init: initializer of the kernel `w`, shape (*size, 1, channels * multiplier).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import depthwise_conv
    >>> depthwise_conv(3, multiplier=2).init(jax.random.key(0), jnp.ones((1, 9, 9, 4)))[0]["w"].shape
    (3, 3, 1, 8)
    """
    name = f"depthwise_conv({size})"
    check_positive("depthwise_conv", "multiplier", multiplier)
    filters = _Filters(lambda channels: (channels * multiplier, channels), lambda w: w.shape[-1] // multiplier)
    return _conv(name, filters, size, strides, padding, dilation, bias, init)


def conv_transpose(
    width: int,
    size: Axes,
    *,
    strides: Axes = 1,
    padding: Padding = "SAME",
    bias: bool = True,
    init: Initializer = he_normal(in_axis=-1, out_axis=-2),  # noqa: B008
    fast: bool = True,
) -> Layer:
    """Builds a transposed convolution: (batch, *space, channels) to (batch, *space', width), upsampled by the strides.

    It is the adjoint of the convolution with kernel `w` from `width` to `channels`: each input position adds a multiple
    of the filter to the output (Zeiler et al. 2010, "deconvolution"). It is not the inverse of `conv`.

    Args:
        width: number of output channels.
        size: filter size along each spatial axis.
        strides: step between neighbouring filter positions in the output.
        padding: "SAME" for outputs of size `space * stride`, "VALID" for `(space - 1) * stride + size`, or pairs
            (before, after) to crop from the latter.
        bias: learned bias per output channel, initialised to 0.
        init: initializer of the kernel `w`, shape (*size, width, channels).
        fast: custom kernel gradient, faster on CPU; False supports forward-mode derivatives (`jax.jvp`, `jax.jacfwd`).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import conv_transpose
    >>> x, up = jnp.ones((2, 7, 7, 16)), conv_transpose(4, 5, strides=2)
    >>> up.apply(*up.init(jax.random.key(0), x), x)[0].shape
    (2, 14, 14, 4)
    """
    name = f"conv_transpose({width}, {size})"
    check_positive("conv_transpose", "width", width)
    check_axes(name, size=size, strides=strides)
    padding = check_padding(name, padding)
    check_function(name, "init", init)

    def make(key, x):
        rank = _spatial(name, x)
        w = init(key, (*per_axis(name, "size", size, rank), width, x.shape[-1]))
        return {"w": w, "b": jnp.zeros(width)} if bias else {"w": w}

    def apply(params, x):
        w = params["w"]
        check_rank(name, w.ndim, x, _AXES[w.ndim - 2])
        check_features(name, w.shape[-1], x, what="channels")
        steps = per_axis(name, "strides", strides, w.ndim - 2)
        space, low = _target(name, x.shape[1:-1], w.shape[:-2], steps, padding)
        y = convolve_adjoint(x, w, strides=steps, low=low, space=space, fast=fast)
        return add_bias(y, params["b"]) if bias else y

    return stateless(make, apply)


class _Filters(NamedTuple):
    made: Callable[[int], tuple[int, int]]  # input channels -> (width, groups)
    channels: Callable[[Array], int]  # kernel -> input channels


def _conv(name, filters: _Filters, size, strides, padding, dilation, bias, init) -> Layer:
    check_axes(name, size=size, strides=strides, dilation=dilation)
    padding = check_padding(name, padding)
    check_function(name, "init", init)

    def make(key, x):
        rank, channels = _spatial(name, x), x.shape[-1]
        width, groups = filters.made(channels)
        if channels % groups:
            raise ValueError(
                f"{name}: {channels} channels are not divisible by groups={groups} (shape {tuple(x.shape)})"
            )
        w = init(key, (*per_axis(name, "size", size, rank), channels // groups, width))
        return {"w": w, "b": jnp.zeros(width)} if bias else {"w": w}

    def apply(params, x):
        w = params["w"]
        rank = w.ndim - 2
        check_rank(name, w.ndim, x, _AXES[rank])
        check_features(name, filters.channels(w), x, what="channels")
        steps, holes = per_axis(name, "strides", strides, rank), per_axis(name, "dilation", dilation, rank)
        reach = [(k - 1) * hole + 1 for k, hole in zip(w.shape[:rank], holes, strict=True)]
        margins = pads(name, x.shape[1:-1], reach, steps, padding)
        y = convolve(x, w, strides=steps, padding=margins, dilation=holes, groups=x.shape[-1] // w.shape[-2])
        return add_bias(y, params["b"]) if bias else y

    return stateless(make, apply)


def _target(name, given, size, strides, padding) -> tuple[list[int], list[int]]:
    """Returns the output size of a transposed convolution and the cells cropped before each axis."""
    if padding == "SAME":
        space = [n * s for n, s in zip(given, strides, strict=True)]
        return space, [low for low, _ in pads(name, space, size, strides, padding)]
    whole = [(n - 1) * s + k for n, s, k in zip(given, strides, size, strict=True)]
    cut = pads(name, whole, size, strides, padding)
    space = [n - low - high for n, (low, high) in zip(whole, cut, strict=True)]
    if min(space) < 1:
        raise ValueError(
            f"{name}: padding {padding} crops all of the output {'x'.join(map(str, whole))}; use less of it"
        )
    return space, [low for low, _ in cut]


def _spatial(name: str, x: Array) -> int:
    """Returns the number of spatial axes of x."""
    if x.ndim - 2 not in _AXES:
        raise ValueError(f"{name} expects {' or '.join(_AXES.values())}, got {x.ndim} axes (shape {tuple(x.shape)})")
    return x.ndim - 2
