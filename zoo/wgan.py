"""Wasserstein GAN: the discriminator becomes a critic that measures how far made samples lie from real ones.

Paper: Arjovsky, Chintala & Bottou 2017, Wasserstein GAN.
Command: python -m zoo.train --model wgan
Expect: 7 or 8 modes of the ring; clipped weights keep the critic coarse, and how many samples are good depends on the
seed.
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
    """Makes a generator and a critic of dense layers; that its weights are clipped is the trainer's doing.

    Args:
        shape: of one example.
        latent: numbers of noise that a sample is made of.
        hidden: widths of the hidden layers, of the generator and of the critic.
        activation: of the generator, by name.
    """
    return mlp_players("wgan", shape, latent=latent, hidden=hidden, activation=activation)
