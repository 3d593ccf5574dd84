"""Conditional GAN: generator and discriminator both receive the class label, so samples can be drawn by class.

Paper: Mirza & Osindero 2014, Conditional generative adversarial nets; with the batch norm of Radford et al. 2015.
Command: python -m zoo.train --model cgan
Chart: kin of GAN; backfed input (latent + outputs) -> hidden (hidden) -> match input output -> hidden (hidden) ->
output (1)
Expect: a classifier assigns at least 95 % of the generated digits to the requested class, after seconds of training; on
MNIST after minutes.
About: One network makes every class. The discriminator scores whether sample and label belong together.
Equations: min_G max_D E log D(x, c) + E log(1 - D(G(z, c), c))
Limits: Samples of a class may all look alike, as nothing rewards variety within it; it needs labels.
"""

from math import prod

import jax
import jax.numpy as jnp

from ._adversarial import noise, squashed
from .layers import Players, batch_norm, dense, flatten, leaky_relu, players, relu, reshape, serial
from .layers.checks import check_positive


def cgan(shape: tuple[int, ...], outputs: int, *, latent: int = 64, hidden: tuple[int, ...] = (256, 256)) -> Players:
    """Builds a class-conditional generator and discriminator of dense layers.

    The generator maps noise concatenated with the one-hot class label, (batch, latent + outputs), to samples
    (batch, *shape). The discriminator receives the flattened sample concatenated with the same label.

    Args:
        shape: shape of one example, without the batch axis.
        outputs: number of classes.
        latent: size of the noise vector.
        hidden: widths of the hidden layers of the generator and of the discriminator.

    Raises:
        ValueError: if there are fewer than two classes.

    >>> import jax, jax.numpy as jnp
    >>> model = cgan((8, 8, 1), 10, latent=4)
    >>> given = model.given(jax.random.key(0), {"x": jnp.zeros((2, 8, 8, 1)), "y": jnp.array([3, 7])})
    >>> given.shape, given[:, 4:].argmax(axis=-1).tolist()
    ((2, 14), [3, 7])
    """
    check_positive("cgan", "latent", latent)
    if outputs < 2:
        raise ValueError(
            f"cgan: class labels must have at least 2 classes, got {outputs}; use gan for data without classes"
        )
    if not shape or not hidden:
        raise ValueError(
            f"cgan: expected the shape of an example and at least one hidden layer, got {shape} and {hidden}"
        )
    body = [part for width in hidden for part in (dense(width, bias=False), batch_norm(), relu)]
    critic = [part for width in hidden for part in (dense(width), lambda x: leaky_relu(x, 0.2))]
    noise_of = noise(latent)

    def given(key, batch):
        return jnp.concatenate([noise_of(key, batch), jax.nn.one_hot(batch["y"], outputs)], axis=-1)

    return players(
        generator=serial(body=serial(*body), head=dense(prod(shape)), shape=reshape(*shape), range=squashed(shape)),
        discriminator=serial(body=serial(*critic), head=dense(1)),
        given=given,
        judged=lambda sample, given: jnp.concatenate([flatten(sample), given[:, latent:]], axis=-1),
    )
