"""Conditional GAN: both players are told the class, so that the generator makes what it is asked for.

Paper: Mirza & Osindero 2014, Conditional generative adversarial nets; with the batch norm of Radford et al. 2015.
Command: python -m zoo.train --model cgan
Expect: a classifier takes at least 95 % of the digits for the class that was asked for, after seconds; on MNIST after
minutes.
"""

from math import prod

import jax
import jax.numpy as jnp

from ._adversarial import noise, squashed
from .layers import Players, batch_norm, dense, flatten, leaky_relu, players, relu, reshape, serial
from .layers.checks import check_positive


def cgan(shape: tuple[int, ...], outputs: int, *, latent: int = 64, hidden: tuple[int, ...] = (256, 256)) -> Players:
    """Makes a generator and a discriminator of dense layers that are told a class.

    The generator reads noise with the class behind it, one number a class of which one is 1: (batch, latent + outputs)
    to samples (batch, *shape). The discriminator reads the sample, laid flat, with the same behind it.

    Args:
        shape: of one example.
        outputs: classes.
        latent: numbers of noise that a sample is made of.
        hidden: widths of the hidden layers, of the generator and of the discriminator.

    Raises:
        ValueError: if there is one class only, which leaves nothing to ask for.

    >>> import jax, jax.numpy as jnp
    >>> model = cgan((8, 8, 1), 10, latent=4)
    >>> given = model.given(jax.random.key(0), {"x": jnp.zeros((2, 8, 8, 1)), "y": jnp.array([3, 7])})
    >>> given.shape, given[:, 4:].argmax(axis=-1).tolist()
    ((2, 14), [3, 7])
    """
    check_positive("cgan", "latent", latent)
    if outputs < 2:
        raise ValueError(f"cgan makes what it is told to and wants at least 2 classes, got {outputs}; gan needs none")
    if not shape or not hidden:
        raise ValueError(f"cgan wants the shape of an example and at least one hidden layer, got {shape}, {hidden}")
    body = [part for width in hidden for part in (dense(width, bias=False), batch_norm(), relu)]
    rival = [part for width in hidden for part in (dense(width), lambda x: leaky_relu(x, 0.2))]
    plain = noise(latent)

    def given(key, batch):
        return jnp.concatenate([plain(key, batch), jax.nn.one_hot(batch["y"], outputs)], axis=-1)

    return players(
        generator=serial(body=serial(*body), head=dense(prod(shape)), shape=reshape(*shape), range=squashed(shape)),
        discriminator=serial(body=serial(*rival), head=dense(1)),
        given=given,
        judged=lambda sample, given: jnp.concatenate([flatten(sample), given[:, latent:]], axis=-1),
    )
