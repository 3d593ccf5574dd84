"""Wasserstein GAN: a critic estimates the Wasserstein distance between generated and real samples.

Paper: Arjovsky, Chintala & Bottou 2017, Wasserstein GAN.
Command: python -m zoo.train --model wgan
Chart: kin of GAN; backfed input (latent) -> hidden (hidden) -> match input output -> hidden (hidden) -> output (1)
Expect: 7 or 8 modes of the ring; weight clipping limits the critic, and the share of good samples depends on the seed.
About: The critic gives a number instead of a probability; its weights are clipped so that it cannot grow without
limit. Its value falls as samples improve.
Equations: min_G max_{|w| < c} E D(x) - E D(G(z))
Limits: Clipping makes critics too simple or gradients vanish: a gradient penalty (wgan_gp) works better.
"""

from ._adversarial import mlp_players
from .layers import Activation, Players


def wgan(
    shape: tuple[int, ...],
    *,
    latent: int = 2,
    hidden: tuple[int, ...] = (128, 128, 128),
    activation: Activation = "relu",
) -> Players:
    """Builds a generator and a critic of dense layers; the trainer clips the critic's weights.

    Args:
        shape: shape of one example, without the batch axis.
        latent: size of the noise vector.
        hidden: widths of the hidden layers of the generator and of the critic.
        activation: activation function of the generator, by name.
    """
    return mlp_players("wgan", shape, latent=latent, hidden=hidden, activation=activation)
