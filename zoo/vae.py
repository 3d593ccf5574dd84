"""Variational autoencoder: a decoder from Gaussian latents to examples, learned with an encoder that infers them.

Paper: Kingma & Welling 2013, Auto-encoding variational Bayes; Rezende, Mohamed & Wierstra 2014.
Command: python -m zoo.train --model vae
Chart: VAE; input -> convolution (filters) -> hidden (hidden) -> probabilistic hidden (latent) ->
hidden (reversed hidden) -> convolution (reversed filters) -> match input output
Expect: at least -94 nats an image on the held-out fifth of digits, where independent pixels have -107.6, in half a
minute; `python -m zoo sample RUN` draws digits.
About: The encoder gives a Gaussian of codes instead of one code, held near the standard normal distribution, so that
codes drawn from that decode to new examples. Both networks maximise a lower bound of the likelihood.
Equations: z = m(x) + s(x) e, e ~ N(0, 1); bound = log p(x | z) - KL(N(m, s^2) | N(0, 1))
Limits: Samples are blurred, as pixels are independent given the code. Codes leave gaps in the standard normal
distribution, where samples look like no example: `--m.components 50` learns a mixture as the prior instead. With a
strong decoder latents collapse to the prior: the number of active latents is printed.
"""

from collections.abc import Callable
from math import prod
from typing import Literal

from ._binary import binary
from ._convolutional import downsampling, generator
from ._latent_prior import mixture
from ._likelihoods import bernoulli, gaussian, logistic
from ._variational import Variational, variational
from .layers import Layer, dense, flatten, identity, relu, reshape, serial
from .layers.checks import check_choice, check_positive
from .layers.initializers import he_normal

__all__ = ["vae"]


def vae(
    shape: tuple[int, ...],
    *,
    latent: int = 20,
    components: int = 1,
    hidden: tuple[int, ...] = (500,),
    filters: tuple[int, ...] = (),
    decoder: Literal["bernoulli", "gaussian", "logistic"] = "bernoulli",
    levels: int = 256,
    binarise: Literal["none", "threshold", "random"] = "none",
) -> Variational:
    """Builds a variational autoencoder of examples of one shape.

    Args:
        shape: shape of one example.
        latent: number of latents.
        components: number of normal distributions whose learned mixture is the prior of the latents (Jiang et al.
            2016); 1: the standard normal distribution, not learned.
        hidden: widths of the dense layers of the encoder, from the example on; the decoder has them in reverse order.
        filters: filters of convolutional stages before them, the full resolution first; each halves an image.
        decoder: distribution of an example given its latents: bernoulli, of values from 0 to 1; gaussian, of any
            values, with a learned standard deviation of each; logistic, of values on levels from 0 to 1.
        levels: number of levels of the logistic decoder, 256 for bytes.
        binarise: binary examples of grey values: threshold, 1 above 0.5; random, 1 with the grey value as probability;
            none, the grey values themselves.

    Raises:
        ValueError: for sizes that are not positive, or a choice that does not suit the decoder.

    >>> import jax, jax.numpy as jnp
    >>> model, x = vae((8, 8, 1), latent=3, hidden=(16,)), jnp.ones((5, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, model.bound(params, state, x).kl.shape
    ((5,), (5, 3))
    """
    check_positive("vae", "latent", latent)
    check_positive("vae", "components", components)
    for width in hidden:
        check_positive("vae", "hidden", width)
    if levels < 2:
        raise ValueError(f"vae: levels must be at least 2, got {levels} (--m.levels)")
    if binarise != "none" and decoder != "bernoulli":
        raise ValueError(f"vae: binary values need the decoder bernoulli, got {decoder} (--m.binarise, --m.decoder)")
    check_choice("vae", "decoder", decoder, ("bernoulli", "gaussian", "logistic"))
    likelihood = {"bernoulli": bernoulli, "gaussian": gaussian, "logistic": lambda: logistic(levels)}[decoder]()
    front = serial(downsampling(filters) if filters else identity, flatten, *_dense(hidden), out=dense(2 * latent))
    if filters:
        back = generator("vae", shape, filters, hidden[::-1], he_normal(), squash=identity, norm=False)
    else:
        back = serial(*_dense(hidden[::-1]), out=serial(dense(prod(shape)), reshape(*shape)))
    visible = (lambda x, key: x) if binarise == "none" else (lambda x, key: binary(x, binarise, key))
    prior = mixture(latent, components) if components > 1 else None
    return variational(front, back, latent, likelihood, visible, prior=prior)


def _dense(widths: tuple[int, ...]) -> list[Layer | Callable]:
    return [part for width in widths for part in (dense(width, init=he_normal()), relu)]
