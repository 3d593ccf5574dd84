"""What the adversarial animals that make images share: the two players of Radford et al. 2015, for any size."""

from .layers import Layer, batch_norm, conv, conv_transpose, dense, flatten, leaky_relu, relu, reshape, serial, tanh
from .layers.initializers import Initializer, normal

__all__ = ["discriminator", "generator"]

_SIZE = 4  # of every filter; a multiple of the stride, so that no pixel is written to more often than its neighbours


def generator(
    animal: str,
    shape: tuple[int, ...],
    filters: tuple[int, ...],
    hidden: tuple[int, ...] = (),
    init: Initializer = normal(0.02),  # noqa: B008
) -> Layer:
    """Noise (batch, features) to images (batch, *shape) from -1 to 1.

    A dense layer paints the smallest images, each stage doubles height and width.

    Args:
        animal: for the errors.
        shape: of an image, (height, width, channels).
        filters: of the stages, that at the full size first.
        hidden: widths of dense layers before the smallest images.
        init: of all kernels.

    Raises:
        ValueError: if height or width cannot be halved once a stage.
    """
    height, width, channels = _checked(animal, shape, filters)
    halvings = 1 << len(filters)
    start = (height // halvings, width // halvings, filters[-1])
    # Batch norm has a bias, so what stands before it needs none.
    body = [part for width in hidden for part in (dense(width, bias=False, init=init), batch_norm(), relu)]
    paint = dense(start[0] * start[1] * start[2], bias=False, init=init)
    first = serial(*body, paint, reshape(*start), batch_norm(), relu)
    stages = {
        f"stage{i}": serial(conv_transpose(filters[i - 1], _SIZE, strides=2, bias=False, init=init), batch_norm(), relu)
        for i in range(len(filters) - 1, 0, -1)
    }
    return serial(first=first, **stages, image=serial(conv_transpose(channels, _SIZE, strides=2, init=init), tanh))


def discriminator(filters: tuple[int, ...], hidden: tuple[int, ...] = (), init: Initializer = normal(0.02)) -> Layer:  # noqa: B008
    """Images (batch, height, width, channels) to scores (batch, 1): each stage halves height and width.

    Args:
        filters: of the stages, that at the full size first.
        hidden: widths of dense layers that see the whole image, before the score.
        init: of all kernels.
    """
    stages = {
        f"stage{i}": serial(
            conv(width, _SIZE, strides=2, bias=not i, init=init), *([batch_norm()] if i else []), _leaky
        )
        for i, width in enumerate(filters)
    }
    body = [part for width in hidden for part in (dense(width, bias=False, init=init), batch_norm(), _leaky)]
    return serial(**stages, score=serial(flatten, *body, dense(1, init=init)))


def _leaky(x):
    return leaky_relu(x, 0.2)


def _checked(animal: str, shape: tuple[int, ...], filters: tuple[int, ...]) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(f"{animal} makes images (height, width, channels), not examples of shape {tuple(shape)}")
    if not filters:
        raise ValueError(f"{animal}: filters must name at least one stage, got none")
    height, width, channels = shape
    halvings = 1 << len(filters)
    if height % halvings or width % halvings:
        fits = next((n for n in range(len(filters) - 1, 0, -1) if not height % (1 << n) and not width % (1 << n)), 0)
        hint = f"give it {fits} number{'s' * (fits > 1)}" if fits else "take images of even height and width"
        raise ValueError(
            f"{animal}: {len(filters)} stages of filters halve an image so often, {height}x{width} cannot be; {hint}"
        )
    return height, width, channels
