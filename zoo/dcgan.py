"""Deep convolutional GAN: generator and discriminator are stacks of strided convolutions with batch norm.

Paper: Radford, Metz & Chintala 2015, Unsupervised representation learning with deep convolutional GANs.
Command: python -m zoo.train --model dcgan
Chart: kin of GAN; backfed input (latent) -> hidden (hidden) -> convolution (reversed filters) -> match input output ->
convolution (filters) -> hidden (reversed hidden) -> output (1)
Expect: legible digits after a minute of training, at a Frechet distance below a tenth of the untrained generator's. On
MNIST a classifier score of at least 8.5 of 10, in a quarter of an hour on two cores.
About: Convolutions, batch norm and no pooling made the first GANs that train stably on images.
Equations: G: dense, then transposed convolutions of stride 2; D: convolutions of stride 2; loss as of gan
Limits: Modes are lost as in a GAN, images beyond 64 x 64 come out incoherent, and batch norm makes samples of a batch
depend on each other.
"""

from ._adversarial import noise
from ._convolutional import discriminator, generator
from .layers import Players, players
from .layers.checks import check_positive


def dcgan(
    shape: tuple[int, ...], *, latent: int = 64, filters: tuple[int, ...] = (32, 64), hidden: tuple[int, ...] = ()
) -> Players:
    """Builds a convolutional generator, from noise (batch, latent) to images (batch, *shape), and a discriminator.

    Batch norm follows every layer except the generator's output and the discriminator's first and last layers. Kernels
    are initialised from a normal distribution of standard deviation 0.02.

    Args:
        shape: shape of one image, (height, width, channels).
        latent: size of the noise vector.
        filters: filters of each stage, the full resolution first; each stage halves height and width.
        hidden: widths of additional dense layers, at the generator's input and before the discriminator's output
            (Chen et al. 2016, InfoGAN).

    Raises:
        ValueError: if height or width is not divisible by 2^stages.

    >>> import jax, jax.numpy as jnp
    >>> model = dcgan((28, 28, 1), latent=8)
    >>> params, state = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((2, 8)))
    >>> jax.eval_shape(model.apply, params, state, jnp.ones((2, 8)))[0].shape
    (2, 28, 28, 1)
    """
    check_positive("dcgan", "latent", latent)
    return players(generator("dcgan", shape, filters, hidden), discriminator(filters, hidden), noise(latent))
