"""Convolutions over one, two or three spatial axes, as many as the input has: (batch, *space, channels)."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from .base import Layer, stateless
from .checks import check_features, check_function, check_positive, check_rank
from .convolve import convolve, convolve_adjoint
from .initializers import Initializer, he_normal
from .precision import biased
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
    """Slides `width` learned filters over the input: shape (batch, *space, channels) to (batch, *space', width).

    As everywhere in the field this is the cross-correlation: the filter is not mirrored.

    Args:
        width: how many filters, the channels that come out.
        size: of the filter along each spatial axis.
        strides: cells from one window to the next.
        padding: "SAME" gives `ceil(space / stride)`, "VALID" only whole windows; or pairs (before, after).
        dilation: cells from one tap of the filter to the next.
        groups: each group of filters sees its own share of the channels.
        bias: whether each filter adds a number of its own, 0 at first.
        init: makes the kernel `w` of shape (*size, channels / groups, width).

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
        raise ValueError(f"{name}: width must be a multiple of groups {groups}")
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
    """Gives every channel filters of its own: (batch, *space, channels) to (batch, *space', channels * multiplier).

    With `conv(width, 1)` after it, it is the separable convolution (Chollet 2016).

    Args:
        size: of the filter along each spatial axis.
        multiplier: how many filters each channel has.
        strides: cells from one window to the next.
        padding: "SAME", "VALID" or pairs (before, after), as in `conv`.
        dilation: cells from one tap of the filter to the next.
        bias: whether each filter adds a number of its own, 0 at first.
        init: makes the kernel `w` of shape (*size, 1, channels * multiplier).

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
    """The adjoint of `conv`: shape (batch, *space, channels) to (batch, *space', width), larger by the strides.

    `w` is the kernel of the convolution from `width` to `channels` that this one is the adjoint of: each input cell
    adds its multiple of the filter to the output (Zeiler et al. 2010, "deconvolution"). It does not undo `conv`.

    Args:
        width: how many channels come out.
        size: of the filter along each spatial axis.
        strides: cells from one filter's place to the next in the output.
        padding: "SAME" gives `space * stride`, "VALID" `(space - 1) * stride + size`; pairs (before, after) are cut
            from the latter.
        bias: whether each channel that comes out adds a number of its own, 0 at first.
        init: makes the kernel `w` of shape (*size, width, channels).
        fast: False for forward-mode derivatives (`jax.jvp`, `jax.jacfwd`), which the faster gradient does not have.

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
        return biased(y, params["b"]) if bias else y

    return stateless(make, apply)


class _Filters(NamedTuple):
    made: Callable[[int], tuple[int, int]]  # channels to (width, groups)
    channels: Callable[[Array], int]  # what a kernel was made for


def _conv(name, filters: _Filters, size, strides, padding, dilation, bias, init) -> Layer:
    check_axes(name, size=size, strides=strides, dilation=dilation)
    padding = check_padding(name, padding)
    check_function(name, "init", init)

    def make(key, x):
        rank, channels = _spatial(name, x), x.shape[-1]
        width, groups = filters.made(channels)
        if channels % groups:
            raise ValueError(f"{name}: {groups} groups cannot share {channels} channels (shape {tuple(x.shape)})")
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
        return biased(y, params["b"]) if bias else y

    return stateless(make, apply)


def _target(name, given, size, strides, padding) -> tuple[list[int], list[int]]:
    """The space that comes out of a transposed convolution and what is cut before it."""
    if padding == "SAME":
        space = [n * s for n, s in zip(given, strides, strict=True)]
        return space, [low for low, _ in pads(name, space, size, strides, padding)]
    whole = [(n - 1) * s + k for n, s, k in zip(given, strides, size, strict=True)]
    cut = pads(name, whole, size, strides, padding)
    space = [n - low - high for n, (low, high) in zip(whole, cut, strict=True)]
    if min(space) < 1:
        raise ValueError(f"{name}: padding {padding} cuts all of {'x'.join(map(str, whole))} away; take less of it")
    return space, [low for low, _ in cut]


def _spatial(name: str, x: Array) -> int:
    """How many spatial axes x has."""
    if x.ndim - 2 not in _AXES:
        raise ValueError(f"{name} wants {' or '.join(_AXES.values())}, got {x.ndim} axes (shape {tuple(x.shape)})")
    return x.ndim - 2
