"""Generative adversarial network: a generator is trained against a discriminator of real and generated samples.

Paper: Goodfellow et al. 2014, Generative adversarial networks.
Command: python -m zoo.train --model gan
Chart: GAN; backfed input (latent) -> hidden (hidden) -> match input output -> hidden (hidden) -> output (1)
Expect: all 8 modes of the ring and at least 90 % good samples, in half a minute.
About: The discriminator is trained to separate samples from data, the generator to make that impossible. At the
balance the samples have the distribution of the data.
Equations: min_G max_D E log D(x) + E log(1 - D(G(z)))
Limits: Modes are lost, the players circle instead of settling, and the loss does not show how good samples are: other
scores are printed.
"""

from ._adversarial import mlp_players
from .layers import Activation, Players


def gan(
    shape: tuple[int, ...], *, latent: int = 64, hidden: tuple[int, ...] = (128, 128), activation: Activation = "relu"
) -> Players:
    """Builds a generator, from noise (batch, latent) to samples (batch, *shape), and a discriminator of dense layers.

    Args:
        shape: shape of one example, without the batch axis.
        latent: size of the noise vector.
        hidden: widths of the hidden layers of the generator and of the discriminator.
        activation: activation function of the generator, by name.

    >>> import jax, jax.numpy as jnp
    >>> model = gan((2,), latent=4)
    >>> params, state = model.init(jax.random.key(0), jnp.ones((3, 4)))
    >>> model.apply(params, state, jnp.ones((3, 4)))[0].shape
    (3, 2)
    """
    return mlp_players("gan", shape, latent=latent, hidden=hidden, activation=activation)
