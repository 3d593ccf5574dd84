"""Parts shared by the adversarial models: the noise input and a pair of multi-layer perceptrons."""

from collections.abc import Callable
from math import prod

import jax

from . import layers
from .layers import Activation, Players, dense, flatten, leaky_relu, players, reshape, serial, tanh
from .layers.checks import check_positive

__all__ = ["mlp_players", "noise", "squashed"]


def mlp_players(
    name: str, shape: tuple[int, ...], *, latent: int, hidden: tuple[int, ...], activation: Activation = "relu"
) -> Players:
    """Builds a generator from noise (batch, latent) to samples (batch, *shape) and a discriminator, of dense layers.

    The discriminator uses leaky relu, whose nonzero slope everywhere gives the generator a gradient.

    Args:
        name: name of the model, for error messages.
        shape: shape of one example, without the batch axis.
        latent: size of the noise vector.
        hidden: widths of the hidden layers of the generator and of the discriminator.
        activation: activation function of the generator.

    Raises:
        ValueError: if latent is not positive, or shape or hidden is empty.
    """
    check_positive(name, "latent", latent)
    if not shape or not hidden:
        raise ValueError(
            f"{name}: expected the shape of an example and at least one hidden layer, got {shape}, {hidden}"
        )
    act = layers.activation(activation)
    body = [part for width in hidden for part in (dense(width), act)]
    critic = [part for width in hidden for part in (dense(width), lambda x: leaky_relu(x, 0.2))]
    return players(
        generator=serial(body=serial(*body), head=dense(prod(shape)), shape=reshape(*shape), range=squashed(shape)),
        discriminator=serial(flatten, body=serial(*critic), head=dense(1)),
        given=noise(latent),
    )


def noise(latent: int) -> Callable:
    """Returns the generator input of `players`: a function `(key, batch)` to standard normal noise (batch, latent)."""
    return lambda key, batch: jax.random.normal(key, (len(batch["x"]), latent))


def squashed(shape: tuple[int, ...]) -> Callable:
    """Returns the output activation for a sample shape: tanh for images in [-1, 1], identity for other data."""
    return tanh if len(shape) == 3 else lambda x: x
