"""U-Net and PatchGAN discriminator for image-to-image models.

Paper: Ronneberger, Fischer & Brox 2015, U-Net; in the form of Isola, Zhu, Zhou & Efros 2017, pix2pix.
"""

from functools import partial

import jax.numpy as jnp

from .layers import Layer, batch_norm, compose, conv, conv_transpose, global_avg_pool, leaky_relu, relu, serial, tanh

__all__ = ["check_images", "patches", "unet"]

_SIZE = 4  # filter size in pixels of all layers that halve or double, as in pix2pix
_leaky = partial(leaky_relu, slope=0.2)


def unet(channels: int, filters: tuple[int, ...] = (32, 64, 128)) -> Layer:
    """Builds a U-Net: an encoder and a decoder of images with skip connections at every resolution.

    Shape (batch, height, width, any channels) to (batch, height, width, channels) in [-1, 1].

    Args:
        channels: number of output channels.
        filters: filters at full resolution, half, a quarter, ...; the depth is one less than their number.

    Raises:
        ValueError: at init and apply, if height or width is not divisible by 2^depth.

    >>> import jax, jax.numpy as jnp
    >>> grey, net = jnp.zeros((2, 32, 32, 1)), unet(3)
    >>> made = jax.eval_shape(net.init, jax.random.key(0), grey)
    >>> jax.eval_shape(net.apply, *made, grey)[0].shape
    (2, 32, 32, 3)
    """
    if len(filters) < 2:
        raise ValueError(f"unet: filters must have at least two numbers, for full and half resolution, got {filters}")
    depth = len(filters) - 1

    def forward(call, x):
        check_images("unet", x.shape[1:], filters)
        x, seen = call("stem", x), []
        for i in range(depth):
            seen.append(x)
            x = call(f"down{i}", x)
        for i in reversed(range(depth)):
            x = jnp.concatenate([call(f"up{i}", x), seen[i]], axis=-1)
        return call("head", x)

    downs = {f"down{i}": _down(filters[i + 1]) for i in range(depth)}
    ups = {f"up{i}": _up(filters[i]) for i in range(depth)}
    return compose(forward, stem=serial(conv(filters[0], 3), _leaky), **downs, **ups, head=_head(channels))


def patches(filters: tuple[int, ...] = (32, 64)) -> Layer:
    """Builds a PatchGAN discriminator: the mean of one logit per image patch, (batch, 1).

    Args:
        filters: filters of each stage; each stage halves the image and enlarges the patches.

    >>> import jax, jax.numpy as jnp
    >>> x, disc = jnp.zeros((2, 32, 32, 6)), patches()
    >>> made = jax.eval_shape(disc.init, jax.random.key(0), x)
    >>> jax.eval_shape(disc.apply, *made, x)[0].shape
    (2, 1)
    """
    first, *others = filters
    # As in the paper, the first layer has no norm.
    stem = serial(conv(first, _SIZE, strides=2), _leaky)
    return serial(stem, *map(_down, others), score=serial(conv(1, _SIZE), global_avg_pool()))


def _down(width: int) -> Layer:
    return serial(conv(width, _SIZE, strides=2, bias=False), batch_norm(), _leaky)


def _up(width: int) -> Layer:
    return serial(conv_transpose(width, _SIZE, strides=2, bias=False), batch_norm(), relu)


def _head(channels: int) -> Layer:
    return serial(conv(channels, 3), tanh)


def check_images(name: str, shape: tuple[int, ...], filters: tuple[int, ...]) -> None:
    """Raises a ValueError unless the shape is (height, width, channels) and divisible by the halvings of a U-Net."""
    if len(shape) != 3:
        raise ValueError(f"{name} expects images (height, width, channels), got examples of shape {tuple(shape)}")
    depth, (height, width) = len(filters) - 1, shape[:2]
    if height % 2**depth or width % 2**depth:
        raise ValueError(
            f"{name}: {len(filters)} filters halve an image {depth} times, so height and width must be divisible by "
            f"{2**depth}, got {height}x{width}; use fewer filters"
        )
