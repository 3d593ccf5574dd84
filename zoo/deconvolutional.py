"""Deconvolutional network: attributes become an image, by a dense layer and transposed convolutions.

Paper: Zeiler, Krishnan, Taylor & Fergus 2010, Deconvolutional networks; from attributes to images: Dosovitskiy,
Springenberg & Brox 2015, Learning to generate chairs with convolutional neural networks.
Command: python -m zoo.train --model deconvolutional
Chart: DN; input -> hidden (hidden) -> convolution (reversed filters) -> output
Expect: images of pairs of form and colour that no training example has at a PSNR of at least 25 dB, in two minutes.
About: Every transposed convolution doubles height and width, the opposite of a strided convolution. From a
description it makes the picture.
Equations: <conv(x), y> = <x, conv_transpose(y)>: each is the adjoint of the other
Limits: Details that the attributes do not name come out as their average; filters whose size the stride does not
divide leave checkerboards.
"""

from math import isqrt

from ._convolutional import check_sizes, generator
from .layers import Layer, compose, conv_transpose, dense, flatten, relu, serial, sigmoid
from .layers.checks import check_positive
from .layers.initializers import he_normal

__all__ = ["deconvolutional"]


def deconvolutional(
    outputs: int,
    *,
    filters: tuple[int, ...] = (16, 32, 64),
    hidden: tuple[int, ...] = (128, 256),
    tint: tuple[int, ...] = (),
) -> Layer:
    """Builds a network from attributes (batch, features) to square images, in rows of numbers (batch, outputs).

    Images have 1 channel if the number of outputs is a square, 3 channels if it is three times a square; values range
    from 0 to 1. Filters of 4x4 at strides of 2 overlap evenly, so that they leave no checkerboard.

    Args:
        outputs: number of values of an image: height * width * channels.
        filters: filters of each stage, the full resolution first; each stage doubles height and width.
        hidden: widths of the dense layers before them.
        tint: columns of attributes that change the colours alone: they weigh the last feature maps, which the other
            attributes draw. So a form has the colours that were learned of other forms.

    Raises:
        ValueError: if the number of outputs is that of no square image, or not divisible by 2 for each stage, or there
            is no such column.

    >>> import jax, jax.numpy as jnp
    >>> model, x = deconvolutional(3 * 16 * 16, filters=(4, 8), hidden=(8,)), jnp.ones((5, 7))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape
    (5, 768)
    """
    for width in (*filters, *hidden):
        check_positive("deconvolutional", "filters and hidden", width)
    channels = 1 if isqrt(outputs) ** 2 == outputs else 3
    side = isqrt(outputs // channels)
    if channels * side**2 != outputs:
        raise ValueError(
            f"deconvolutional makes square images of 1 or 3 channels; {outputs} numbers an example are none"
        )
    if len(filters) < 2:
        raise ValueError("deconvolutional: filters must have a number for at least two stages (--m.filters)")
    check_sizes("deconvolutional", (side, side, channels), filters)
    half = (side // 2, side // 2, filters[0])
    maps = generator("deconvolutional", half, filters[1:], hidden, he_normal(), squash=relu, norm=False)
    image = serial(conv_transpose(channels, 4, strides=2, init=he_normal()), sigmoid, flatten)
    if not tint:
        return serial(flatten, maps=maps, image=image)

    def forward(call, x):
        kept = [column for column in range(x.shape[-1]) if column not in tint]
        if len(kept) + len(set(tint)) != x.shape[-1] or not kept:
            raise ValueError(f"deconvolutional: tint {tint} are not some of {x.shape[-1]} columns (--m.tint)")
        weights = call("tint", x[:, sorted(set(tint))])
        return call("image", call("maps", x[:, kept]) * weights[:, None, None, :])

    return compose(forward, maps=maps, tint=dense(filters[0], init=he_normal()), image=image)
