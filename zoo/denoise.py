"""Adversarial denoiser: a generator turns noisy images into clean ones that its opponent must take for real.

Paper: Isola, Zhu, Zhou & Efros 2017, Image-to-image translation with conditional adversarial networks (pix2pix); the
task: Vincent, Larochelle, Bengio & Manzagol 2008, Extracting and composing robust features with denoising autoencoders.
Command: python -m zoo.train --model denoise
Expect: a PSNR at least 9 dB above that of the noisy images, in under 40 seconds on two cores.
"""

import jax
import jax.numpy as jnp

from ._unet import check_images, patches, unet
from .layers import Players, players, serial
from .layers.checks import check_number


def denoise(
    shape: tuple[int, ...],
    *,
    noise: float = 0.5,
    filters: tuple[int, ...] = (32, 64, 128),
    rival: tuple[int, ...] = (32, 64),
) -> Players:
    """Makes a U-Net from noisy images to clean ones and a discriminator of pairs, the image and its noisy copy.

    Images are (batch, height, width, channels) in [-1, 1]; noise that would lead out of it is cut off, as in a file.

    Args:
        shape: of one image.
        noise: standard deviation of the noise that training adds; from black to white is 2.
        filters: of the U-Net at the full size, at half of it, at a quarter; each but the first is a halving.
        rival: filters of the discriminator, each a halving.

    Raises:
        ValueError: if the images cannot be halved so often.

    >>> import jax, jax.numpy as jnp
    >>> model, x = denoise((8, 8, 1)), jnp.zeros((2, 8, 8, 1))
    >>> noisy = model.given(jax.random.key(0), {"x": x})
    >>> jax.eval_shape(lambda x: model.apply(*model.init(jax.random.key(1), x), x)[0], noisy).shape
    (2, 8, 8, 1)
    """
    check_number("denoise", "noise", noise, above=True)
    check_images("denoise", shape, filters)

    def given(key, batch):
        return _cut(batch["x"] + noise * jax.random.normal(key, batch["x"].shape))

    def judged(sample, given):
        return jnp.concatenate([sample, given], axis=-1)

    return players(serial(_cut, net=unet(shape[-1], filters)), patches(rival), given, judged)


def _cut(x):
    return jnp.clip(x, -1, 1)
