"""Adversarial colouriser: a U-Net adds colour to grey images, trained against a discriminator of image pairs.

Paper: Isola, Zhu, Zhou & Efros 2017, Image-to-image translation with conditional adversarial networks (pix2pix).
Command: python -m zoo.train --model colorize
Chart: kin of GAN; input -> convolution (filters) -> convolution (reversed filters) -> match input output ->
convolution (rival) -> output (1)
Expect: a PSNR at least 7 dB above that of the grey images, in under 40 seconds on two cores.
About: The generator receives the grey image at all scales; the discriminator penalises colours that are plausible on
average and true nowhere.
Equations: loss_G = lambda |G(x) - y| - log D(x, G(x))
Limits: Where grey does not determine the colour, one of the possible colours appears; objects unlike those of
training are coloured wrongly with confidence.
"""

import jax.numpy as jnp

from ._unet import check_images, patches, unet
from .layers import Players, players, serial

_LUMA = (0.299, 0.587, 0.114)  # weights of red, green and blue, ITU-R BT.601


def colorize(
    shape: tuple[int, ...], *, filters: tuple[int, ...] = (32, 64, 128), rival: tuple[int, ...] = (32, 64)
) -> Players:
    """Builds a U-Net from grey to colour images and a discriminator of pairs of an image and its grey version.

    Images are (batch, height, width, 3) in [-1, 1]; grey images have three equal channels. The generator reads only
    the luma of its input, so colour images are valid inputs too and are recoloured.

    Args:
        shape: shape of one image, (height, width, 3).
        filters: filters of the U-Net at full resolution, half, a quarter, ...; each after the first halves the image.
        rival: filters of the discriminator's stages; each stage halves the image.

    Raises:
        ValueError: if the images do not have 3 channels, or height or width is not divisible by the halvings.

    >>> import jax, jax.numpy as jnp
    >>> model, x = colorize((8, 8, 3)), jnp.zeros((2, 8, 8, 3))
    >>> grey = model.given(jax.random.key(0), {"x": x})
    >>> jax.eval_shape(lambda x: model.apply(*model.init(jax.random.key(1), x), x)[0], grey).shape
    (2, 8, 8, 3)
    """
    check_images("colorize", shape, filters)
    if shape[-1] != 3:
        raise ValueError(f"colorize expects colour images (height, width, 3), got examples of shape {tuple(shape)}")

    def given(key, batch):
        return jnp.broadcast_to(_luma(batch["x"]), batch["x"].shape)

    def judged(sample, given):
        return jnp.concatenate([sample, _luma(given)], axis=-1)

    return players(serial(_luma, net=unet(3, filters)), patches(rival), given, judged)


def _luma(x):
    if x.shape[-1] != 3:
        raise ValueError(f"colorize expects 3 channels (red, green, blue), got {x.shape[-1]} (shape {x.shape})")
    return x @ jnp.asarray(_LUMA, x.dtype)[:, None]
