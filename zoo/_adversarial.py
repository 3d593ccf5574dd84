"""What the adversarial animals share: noise to start from, and two multi-layer perceptrons that play."""

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
    """A generator from noise (batch, latent) to samples (batch, *shape) and its discriminator, both of dense layers.

    The generator's units are relu's, or what `activation` names; the discriminator's are leaky, so that it always has
    a slope for the generator to climb.
    """
    check_positive(name, "latent", latent)
    if not shape or not hidden:
        raise ValueError(f"{name} wants the shape of an example and at least one hidden layer, got {shape}, {hidden}")
    act = layers.activation(activation)
    body = [part for width in hidden for part in (dense(width), act)]
    rival = [part for width in hidden for part in (dense(width), lambda x: leaky_relu(x, 0.2))]
    return players(
        generator=serial(body=serial(*body), head=dense(prod(shape)), shape=reshape(*shape), range=squashed(shape)),
        discriminator=serial(flatten, body=serial(*rival), head=dense(1)),
        given=noise(latent),
    )


def noise(latent: int) -> Callable:
    """The `given` of players that start from normal noise (batch, latent)."""
    return lambda key, batch: jax.random.normal(key, (len(batch["x"]), latent))


def squashed(shape: tuple[int, ...]) -> Callable:
    """Images end in tanh, for pixels lie between -1 and 1; anything else is not bounded."""
    return tanh if len(shape) == 3 else lambda x: x
