"""Deep convolutional GAN: strided convolutions paint an image from noise, and others tell it from a real one.

Paper: Radford, Metz & Chintala 2015, Unsupervised representation learning with deep convolutional GANs.
Command: python -m zoo.train --model dcgan
Expect: digits that can be read in a minute, with a Frechet distance below a tenth of the untrained generator's. On
MNIST a classifier score of at least 8.5 of 10, in a quarter of an hour on two cores.
"""

from ._adversarial import noise
from ._convolutional import discriminator, generator
from .layers import Players, players
from .layers.checks import check_positive


def dcgan(
    shape: tuple[int, ...], *, latent: int = 64, filters: tuple[int, ...] = (32, 64), hidden: tuple[int, ...] = ()
) -> Players:
    """Makes a generator and a discriminator of convolutions: noise (batch, latent) to images (batch, *shape).

    Both have batch norm everywhere but where they meet the image and where the score is given. The kernels begin as
    normal numbers of standard deviation 0.02.

    Args:
        shape: of an image, (height, width, channels).
        latent: numbers of noise that an image is made of.
        filters: of each stage, that at the full size first; each halves height and width.
        hidden: widths of dense layers between noise and image in both players (as Chen et al. 2016, InfoGAN, has them
            for digits), which judge an image as a whole; filters alone see patches.

    Raises:
        ValueError: if height or width cannot be halved so often.

    >>> import jax, jax.numpy as jnp
    >>> model = dcgan((28, 28, 1), latent=8)
    >>> params, state = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((2, 8)))
    >>> jax.eval_shape(model.apply, params, state, jnp.ones((2, 8)))[0].shape
    (2, 28, 28, 1)
    """
    check_positive("dcgan", "latent", latent)
    return players(generator("dcgan", shape, filters, hidden), discriminator(filters, hidden), noise(latent))
