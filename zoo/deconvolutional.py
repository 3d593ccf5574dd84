"""Deconvolutional network: attributes become an image, by a dense layer and transposed convolutions.

Paper: Zeiler, Krishnan, Taylor & Fergus 2010, Deconvolutional networks; from attributes to images: Dosovitskiy,
Springenberg & Brox 2015, Learning to generate chairs with convolutional neural networks.
Command: python -m zoo.train --model deconvolutional
Expect: images of pairs of form and colour that no training example has at a PSNR of at least 25 dB, in two minutes.
"""

from math import isqrt

from ._convolutional import generator
from .layers import Layer, flatten, identity, serial, sigmoid
from .layers.checks import check_positive
from .layers.initializers import he_normal

__all__ = ["deconvolutional"]


def deconvolutional(
    outputs: int, *, filters: tuple[int, ...] = (16, 32, 64), hidden: tuple[int, ...] = (128, 256)
) -> Layer:
    """Builds a network from attributes (batch, features) to square images, in rows of numbers (batch, outputs).

    Images have 1 channel if the number of outputs is a square, 3 channels if it is three times a square; values range
    from 0 to 1. Filters of 4x4 at strides of 2 overlap evenly, so that they leave no checkerboard.

    Args:
        outputs: number of values of an image: height * width * channels.
        filters: filters of each stage, the full resolution first; each stage doubles height and width.
        hidden: widths of the dense layers before them.

    Raises:
        ValueError: if the number of outputs is that of no square image, or not divisible by 2 for each stage.

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
    image = generator(
        "deconvolutional", (side, side, channels), filters, hidden, he_normal(), squash=sigmoid, norm=False
    )
    return serial(flatten, image=image, row=serial(identity, flatten))
