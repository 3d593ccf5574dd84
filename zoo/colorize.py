"""Adversarial colouriser: a generator gives grey images colours that its opponent must take for real.

Paper: Isola, Zhu, Zhou & Efros 2017, Image-to-image translation with conditional adversarial networks (pix2pix).
Command: python -m zoo.train --model colorize
Expect: a PSNR at least 7 dB above that of the grey images, in under 40 seconds on two cores.
"""

import jax.numpy as jnp

from ._unet import check_images, patches, unet
from .layers import Players, players, serial

_LUMA = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601


def colorize(
    shape: tuple[int, ...], *, filters: tuple[int, ...] = (32, 64, 128), rival: tuple[int, ...] = (32, 64)
) -> Players:
    """Makes a U-Net from grey images to coloured ones and a discriminator of pairs, the image and its grey copy.

    Images are (batch, height, width, 3) in [-1, 1], grey ones too, of three equal channels. Of what the generator is
    given it sees the luma alone, so that coloured images may be given as well: they are coloured anew.

    Args:
        shape: of one image.
        filters: of the U-Net at the full size, at half of it, at a quarter; each but the first is a halving.
        rival: filters of the discriminator, each a halving.

    Raises:
        ValueError: if the images have no colours, or cannot be halved so often.

    >>> import jax, jax.numpy as jnp
    >>> model, x = colorize((8, 8, 3)), jnp.zeros((2, 8, 8, 3))
    >>> grey = model.given(jax.random.key(0), {"x": x})
    >>> jax.eval_shape(lambda x: model.apply(*model.init(jax.random.key(1), x), x)[0], grey).shape
    (2, 8, 8, 3)
    """
    check_images("colorize", shape, filters)
    if shape[-1] != 3:
        raise ValueError(f"colorize wants colour images (height, width, 3), got examples of shape {tuple(shape)}")

    def given(key, batch):
        return jnp.broadcast_to(_luma(batch["x"]), batch["x"].shape)

    def judged(sample, given):
        return jnp.concatenate([sample, _luma(given)], axis=-1)

    return players(serial(_luma, net=unet(3, filters)), patches(rival), given, judged)


def _luma(x):
    if x.shape[-1] != 3:
        raise ValueError(f"the luma is that of 3 channels, red, green and blue; got {x.shape[-1]} (shape {x.shape})")
    return x @ jnp.asarray(_LUMA, x.dtype)[:, None]
