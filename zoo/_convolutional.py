"""Strided convolutions that halve images, and transposed ones that double them: those of the DCGAN, and plain ones.

Source: Radford, Metz & Chintala 2015, Unsupervised representation learning with deep convolutional GANs.
"""

from collections.abc import Callable

from .layers import Layer, batch_norm, conv, conv_transpose, dense, flatten, leaky_relu, relu, reshape, serial, tanh
from .layers.initializers import Initializer, he_normal, normal

__all__ = ["check_sizes", "discriminator", "downsampling", "generator"]

_SIZE = 4  # of every filter; a multiple of the stride, which avoids checkerboard artefacts


def generator(
    name: str,
    shape: tuple[int, ...],
    filters: tuple[int, ...],
    hidden: tuple[int, ...] = (),
    init: Initializer = normal(0.02),  # noqa: B008
    act: Callable = relu,
    squash: Callable = tanh,
    *,
    norm: bool = True,
) -> Layer:
    """Builds a generator from noise (batch, features) to images (batch, *shape), with tanh in [-1, 1].

    A dense layer makes the smallest feature maps; each stage doubles height and width.

    Args:
        name: name of the model, for error messages.
        shape: shape of one image, (height, width, channels).
        filters: filters of each stage, the full resolution first.
        hidden: widths of dense layers before the smallest feature maps.
        init: initializer of all kernels.
        act: activation function of all layers but the last.
        squash: activation function of the last layer.
        norm: whether batch norm follows every layer but the last.

    Raises:
        ValueError: if height or width is not divisible by 2^stages.
    """
    height, width, channels = check_sizes(name, shape, filters)
    halvings = 1 << len(filters)
    start = (height // halvings, width // halvings, filters[-1])
    # Batch norm adds a bias, so the layer before it has none.
    after, bias = ([batch_norm(), act] if norm else [act]), not norm
    body = [part for width in hidden for part in (dense(width, bias=bias, init=init), *after)]
    paint = dense(start[0] * start[1] * start[2], bias=bias, init=init)
    first = serial(*body, paint, reshape(*start), *after)
    stages = {
        f"stage{i}": serial(conv_transpose(filters[i - 1], _SIZE, strides=2, bias=bias, init=init), *after)
        for i in range(len(filters) - 1, 0, -1)
    }
    return serial(first=first, **stages, image=serial(conv_transpose(channels, _SIZE, strides=2, init=init), squash))


def discriminator(filters: tuple[int, ...], hidden: tuple[int, ...] = (), init: Initializer = normal(0.02)) -> Layer:  # noqa: B008
    """Builds a discriminator from images (batch, height, width, channels) to logits (batch, 1).

    Each stage halves height and width.

    Args:
        filters: filters of each stage, the full resolution first.
        hidden: widths of dense layers before the output.
        init: initializer of all kernels.
    """
    stages = {
        f"stage{i}": serial(
            conv(width, _SIZE, strides=2, bias=not i, init=init), *([batch_norm()] if i else []), _leaky
        )
        for i, width in enumerate(filters)
    }
    body = [part for width in hidden for part in (dense(width, bias=False, init=init), batch_norm(), _leaky)]
    return serial(**stages, score=serial(flatten, *body, dense(1, init=init)))


def downsampling(filters: tuple[int, ...]) -> Layer:
    """Builds stages without norm that halve images (batch, height, width, channels), to feature maps.

    Args:
        filters: filters of each stage, the full resolution first.
    """
    return serial(
        **{f"stage{i}": serial(conv(f, _SIZE, strides=2, init=he_normal()), relu) for i, f in enumerate(filters)}
    )


def _leaky(x):
    return leaky_relu(x, 0.2)


def check_sizes(name: str, shape: tuple[int, ...], filters: tuple[int, ...]) -> tuple[int, int, int]:
    """Returns the shape of images; raises a ValueError unless each stage can halve them."""
    if len(shape) != 3:
        raise ValueError(f"{name} generates images (height, width, channels), got examples of shape {tuple(shape)}")
    if not filters:
        raise ValueError(f"{name}: filters must have a number for at least one stage, got none")
    height, width, channels = shape
    halvings = 1 << len(filters)
    if height % halvings or width % halvings:
        fits = next((n for n in range(len(filters) - 1, 0, -1) if not height % (1 << n) and not width % (1 << n)), 0)
        hint = f"use {fits} stage{'s' * (fits > 1)}" if fits else "use images of even height and width"
        raise ValueError(
            f"{name}: {len(filters)} stages of filters need sizes divisible by {halvings}, got {height}x{width}; {hint}"
        )
    return height, width, channels
