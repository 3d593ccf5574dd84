"""Adversarial denoiser: a U-Net removes noise from images, trained against a discriminator of image pairs.

Paper: Isola, Zhu, Zhou & Efros 2017, Image-to-image translation with conditional adversarial networks (pix2pix); the
task: Vincent, Larochelle, Bengio & Manzagol 2008, Extracting and composing robust features with denoising autoencoders.
Command: python -m zoo.train --model denoise
Chart: kin of GAN; noisy input -> convolution (filters) -> convolution (reversed filters) -> match input output ->
convolution (rival) -> output (1)
Expect: a PSNR at least 9 dB above that of the noisy images, in under 40 seconds on two cores.
About: The generator receives the image at all scales; the discriminator penalises the blur that a squared error alone
would leave.
Equations: loss_G = lambda |G(x + noise) - x| - log D(x + noise, G)
Limits: Where noise destroyed detail, plausible detail appears instead of the true one; noise of other kinds than in
training stays.
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
    """Builds a U-Net from noisy to clean images and a discriminator of pairs of an image and its noisy version.

    Images are (batch, height, width, channels) in [-1, 1]; noisy images are clipped to this range.

    Args:
        shape: shape of one image, (height, width, channels).
        noise: standard deviation of the Gaussian noise added in training; pixels range from -1 to 1.
        filters: filters of the U-Net at full resolution, half, a quarter, ...; each after the first halves the image.
        rival: filters of the discriminator's stages; each stage halves the image.

    Raises:
        ValueError: if height or width is not divisible by the halvings.

    >>> import jax, jax.numpy as jnp
    >>> model, x = denoise((8, 8, 1)), jnp.zeros((2, 8, 8, 1))
    >>> noisy = model.given(jax.random.key(0), {"x": x})
    >>> jax.eval_shape(lambda x: model.apply(*model.init(jax.random.key(1), x), x)[0], noisy).shape
    (2, 8, 8, 1)
    """
    check_number("denoise", "noise", noise, above=True)
    check_images("denoise", shape, filters)

    def given(key, batch):
        return _clipped(batch["x"] + noise * jax.random.normal(key, batch["x"].shape))

    def judged(sample, given):
        return jnp.concatenate([sample, given], axis=-1)

    return players(serial(_clipped, net=unet(shape[-1], filters)), patches(rival), given, judged)


def _clipped(x):
    return jnp.clip(x, -1, 1)
