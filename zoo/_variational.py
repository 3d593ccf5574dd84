"""Variational autoencoders: the evidence lower bound of a decoder, by an encoder to Gaussian latents."""

from collections.abc import Callable
from functools import partial
from math import log, pi, prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ._latent_prior import Prior, standard
from ._likelihoods import Likelihood
from .layers import Layer, compose, flatten
from .layers.precision import promote_float32

__all__ = ["Bound", "Variational", "kl_of", "variational"]

_FAST = 10.0  # factor of the logarithms of widths: Adam moves a parameter by the rate, of which e-folds need thousands
_DRAWS = 32  # of the latents, where a score needs no key


class Bound(NamedTuple):
    """Holds the parts of the evidence lower bound of each example, in nats.

    Attributes:
        reconstruction: (batch,), mean log-likelihood of the example given latents of its posterior.
        kl: (batch, latents), part of each latent in the divergence of the posterior from the prior; of a learned prior
            estimated from the draws, and where components share an example also negative.
        choice: (batch,), part of the choice among the components of the prior; 0 for a single one.
        weighted: (batch,), importance-weighted bound (Burda, Grosse & Salakhutdinov 2015); with one draw it is another
            estimate of the lower bound.
        mean: (batch, latents), means of the posteriors.
    """

    reconstruction: jax.Array
    kl: jax.Array
    choice: jax.Array
    weighted: jax.Array
    mean: jax.Array

    @property
    def elbo(self) -> jax.Array:
        """Evidence lower bound (batch,)."""
        return self.reconstruction - self.divergence

    @property
    def divergence(self) -> jax.Array:
        """Divergence of all latents from the prior (batch,)."""
        return jnp.sum(self.kl, axis=-1) + self.choice


class Variational(NamedTuple):
    """Variational autoencoder, with the capabilities of the task `density` and of the trainer `variational`.

    Attributes:
        init: as of a `Layer`. Params are `encoder`, `decoder`, where the likelihood has learned widths `spread`, a
            tenth of their logarithms, and, where the prior is learned, `prior`.
        apply: as of a `Layer`; gives the lower bound of the log-probability (batch,) by one draw of the latents.
        log_prob: `(params, state, x, key) -> (batch,)`, importance-weighted bound; key None: the same draws always.
        bound: `(params, state, x, key, draws) -> Bound`; key None: the same draws for every example and every call.
        sample: `(params, state, key, n) -> x`, means of the decoder for latents drawn from the prior.
        draw: `(params, key, n) -> (n, latents)`, latents drawn from the prior.
        features: `(params, state, x) -> (batch, latents)`, means of the posteriors.
        encode: `(params, state, x) -> (means, logarithms of variances)`, both (batch, latents).
        decode: `(params, state, z) -> x`, means of the decoder.
        seen: `(params, state, z, x) -> (batch,)`, log-likelihood of examples given latents, in nats.
        independent: `(train, x) -> (batch,)`, log-likelihood of examples if their features were independent.
        latents: number of latents.
        moments: `params -> (means, standard deviations)` of the latents in the prior, both (latents,).
        bounded: whether the examples are values from 0 to 1.
        lifted: `(layer -> layer) -> model`, this model with transformed encoder and decoder.
        groups: the latents of each factor of the data, for the trainer `factorised`; (): they are not divided.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    log_prob: Callable[..., jax.Array]
    bound: Callable[..., Bound]
    sample: Callable[..., jax.Array]
    draw: Callable[..., jax.Array]
    features: Callable[..., jax.Array]
    encode: Callable[..., tuple[jax.Array, jax.Array]]
    decode: Callable[..., jax.Array]
    seen: Callable[..., jax.Array]
    independent: Callable[..., jax.Array]
    latents: int
    moments: Callable[[Any], tuple[jax.Array, jax.Array]]
    bounded: bool
    lifted: Callable[..., "Variational"]
    groups: tuple[tuple[int, ...], ...] = ()


def kl_of(mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """Computes the divergence of normal distributions from the standard one, in nats, of each latent.

    Source: Kingma & Welling 2013, Auto-encoding variational Bayes, appendix B.

    >>> kl_of(jnp.array([0.0, 1.0]), jnp.array([0.0, 0.0])).tolist()
    [0.0, 0.5]
    """
    return 0.5 * (jnp.square(mean) + jnp.expm1(log_variance) - log_variance)


def variational(
    encoder: Layer,
    decoder: Layer,
    latents: int,
    likelihood: Likelihood,
    visible: Callable[..., jax.Array] = lambda x, key: x,
    groups: tuple[tuple[int, ...], ...] = (),
    prior: Prior | None = None,
) -> Variational:
    """Builds a variational autoencoder of two networks.

    Args:
        encoder: layer from examples to means and logarithms of variances (batch, 2 * latents).
        decoder: layer from latents to the outputs that the likelihood reads, of the shape of an example.
        latents: number of latents.
        likelihood: probability of an example given the outputs of the decoder.
        visible: `(x, key) -> x`, what of the examples is modelled, such as a random binary version.
        groups: the latents of each factor of the data; (): they are not divided.
        prior: distribution of the latents; None: standard normal.
    """
    before = standard(latents) if prior is None else prior
    init, encode, outputs = _networks(encoder, decoder, latents, likelihood, before)

    def seen(params, state, z, x):
        return likelihood.log_prob(outputs(params, z), x, _spread(params))

    def bound(params, state, x, key=None, draws=1):
        x = visible(x, None if key is None else jax.random.fold_in(key, draws))
        mean, log_variance = encode(params, state, x)
        parts = partial(before.log_prob, params.get("prior", {}))
        found = _bound(mean, log_variance, lambda z: seen(params, state, z, x), parts, key, draws)
        return found if before.learned else found._replace(kl=kl_of(mean, log_variance))  # exact

    draw = lambda params, key, n: before.sample(params.get("prior", {}), key, n)  # noqa: E731
    decode = lambda params, state, z: likelihood.mean(promote_float32(outputs(params, z)))  # noqa: E731

    return Variational(
        init=init,
        apply=lambda params, state, x, key=None: (bound(params, state, x, key).elbo, state),
        log_prob=lambda params, state, x, key=None: bound(params, state, x, key, _DRAWS).weighted,
        bound=bound,
        sample=lambda params, state, key, n: decode(params, state, draw(params, key, n)),
        draw=draw,
        features=lambda params, state, x: encode(params, state, visible(x, None))[0],
        encode=encode,
        decode=decode,
        seen=seen,
        independent=lambda train, x: likelihood.independent(*(flatten(visible(each, None)) for each in (train, x))),
        latents=latents,
        moments=lambda params: before.moments(params.get("prior", {})),
        bounded=likelihood.bounded,
        lifted=lambda lift: variational(lift(encoder), lift(decoder), latents, likelihood, visible, groups, prior),
        groups=groups,
    )


def _spread(params: Any) -> jax.Array | None:
    """Returns the logarithms of the widths (features,), where the likelihood has learned ones."""
    return _FAST * params["spread"]["b"] if "spread" in params else None


def _networks(
    encoder: Layer, decoder: Layer, latents: int, likelihood: Likelihood, prior: Prior
) -> tuple[Callable, Callable, Callable]:
    """Returns `init`, `encode` and the outputs of the decoder; errors name the network."""
    front = compose(lambda call, x: call("encoder", x), encoder=encoder)
    back = compose(lambda call, z: call("decoder", z), decoder=decoder)
    both = compose(lambda call, x: call("decoder", call("encoder", x)[:, :latents]), encoder=encoder, decoder=decoder)

    def init(key, x):
        params, _ = both.init(key, x)
        params |= {"spread": {"b": jnp.zeros(prod(x.shape[1:]))}} if likelihood.spread else {}
        return params | ({"prior": prior.init(jax.random.fold_in(key, 2))} if prior.learned else {}), {}

    def encode(params, state, x):
        found = promote_float32(front.apply({"encoder": params["encoder"]}, {}, x)[0])
        return found[:, :latents], found[:, latents:]

    return init, encode, lambda params, z: back.apply({"decoder": params["decoder"]}, {}, z)[0]


def _bound(
    mean: jax.Array, log_variance: jax.Array, seen: Callable, prior: Callable, key: jax.Array | None, draws: int
) -> Bound:
    """Computes the bound from the posterior, the log-likelihood of examples and the log-density of the prior at z."""

    def draw(i):
        noise = _noise(key, i, mean)
        z = mean + jnp.exp(0.5 * log_variance) * noise
        (each, choice), found = prior(z), seen(z)
        kl = -0.5 * (jnp.square(noise) + log_variance + log(2 * pi)) - each
        return (found, kl, -choice), found - jnp.sum(kl, axis=-1) + choice

    (reconstruction, kl, choice), weighted = _over_draws(draw, draws)
    return Bound(reconstruction, kl, choice, weighted, mean)


def _noise(key: jax.Array | None, i: Any, like: jax.Array) -> jax.Array:
    """Returns standard normal noise; without a key the same for all examples, so that none depends on another."""
    if key is None:
        return jnp.broadcast_to(jax.random.normal(jax.random.key(i), like.shape[1:]), like.shape)
    return jax.random.normal(jax.random.fold_in(key, i), like.shape)


def _over_draws(draw: Callable[[Any], tuple[tuple, jax.Array]], draws: int) -> tuple[tuple, jax.Array]:
    """Returns the means of the parts, and the logarithm of the mean weight, one draw at a time in memory."""
    first = draw(0)
    if draws == 1:
        return first

    def add(carry, i):
        parts, weight = draw(i)
        return (jax.tree.map(jnp.add, carry[0], parts), jnp.logaddexp(carry[1], weight)), None

    (parts, weight), _ = jax.lax.scan(add, first, jnp.arange(1, draws))
    return jax.tree.map(lambda each: each / draws, parts), weight - jnp.log(draws)
