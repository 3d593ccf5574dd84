"""GAN losses and gradient penalties, computed from a discriminator's logits.

In the formulas `r` is the logit of a real example and `f` that of a generated one; a high logit means "real".
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ._shapes import at_least_float32

__all__ = ["LOSSES", "AdversarialLoss", "adversarial_loss", "gradient_penalty", "interpolate", "r1_penalty"]


class AdversarialLoss(NamedTuple):
    """Holds the losses of discriminator and generator, each from logits (batch, 1) to (batch,).

    Attributes:
        real: the discriminator's loss on real examples.
        fake: the discriminator's loss on generated examples.
        generator: the generator's loss.
        score_transform: maps a logit to the logged D(x): a probability, or the logit itself for critics.
    """

    real: Callable
    fake: Callable
    generator: Callable
    score_transform: Callable


def adversarial_loss(name: str, label_smoothing: float = 0) -> AdversarialLoss:
    """Returns the GAN loss of a name.

    Args:
        name: one of `LOSSES`.
        label_smoothing: distance of the real examples' label from 1; the label of generated examples stays 0
            (one-sided, Salimans et al. 2016). Hinge and wasserstein have no labels and ignore it.

    >>> loss = adversarial_loss("hinge")
    >>> loss.real(jnp.array([[0.5]])).tolist(), loss.fake(jnp.array([[0.5]])).tolist()
    ([0.5], [1.5])
    """
    loss = LOSSES[name](1 - label_smoothing)
    return AdversarialLoss(*(_per_example(part) for part in loss))


def gradient_penalty(logit: Callable, real: jax.Array, generated: jax.Array, key: jax.Array) -> jax.Array:
    """Computes the mean of `(|gradient| - 1)^2` at points between real and generated samples (Gulrajani et al. 2017).

    Args:
        logit: samples (batch, ...) to logits (batch, 1), each of which depends on its own sample only.
        real: real samples (batch, ...).
        generated: generated samples (batch, ...).
        key: selects the points.

    >>> steep = lambda x: 3 * x[:, :1]
    >>> float(gradient_penalty(steep, jnp.ones((4, 2)), jnp.zeros((4, 2)), jax.random.key(0)))
    4.0
    """
    points = interpolate(real, generated, key)
    # 1e-12: the square root has no gradient at 0.
    return jnp.mean((jnp.sqrt(_squared_gradients(logit, points) + 1e-12) - 1) ** 2)


def r1_penalty(logit: Callable, real: jax.Array) -> jax.Array:
    """Computes half the mean of `|gradient|^2` at the real samples (Mescheder et al. 2018); its weight is their gamma.

    Args:
        logit: samples (batch, ...) to logits (batch, 1), each of which depends on its own sample only.
        real: real samples (batch, ...).

    >>> float(r1_penalty(lambda x: 3 * x[:, :1], jnp.ones((4, 2))))
    4.5
    """
    return jnp.mean(_squared_gradients(logit, real)) / 2


def interpolate(real: jax.Array, generated: jax.Array, key: jax.Array) -> jax.Array:
    """Returns a uniformly random point between each real sample and its generated counterpart, (batch, ...)."""
    weight = jax.random.uniform(key, (len(real),) + (1,) * (real.ndim - 1), real.dtype)
    return generated + weight * (real - generated)


def _per_example(loss: Callable) -> Callable:
    return lambda logits: jnp.mean(loss(logits.reshape(len(logits), -1).astype(jnp.float32)), axis=-1)


def _squared_gradients(logit: Callable, x: jax.Array) -> jax.Array:
    """Computes `|d logit / d x|^2` of each example, (batch,)."""
    gradient = at_least_float32(jax.grad(lambda x: jnp.sum(logit(x)))(x))
    return jnp.sum(gradient.reshape(len(x), -1) ** 2, axis=-1)


def _cross_entropy(label: float) -> Callable:
    """`-(label log D + (1 - label) log(1 - D))` with D = sigmoid(logit)."""
    return lambda z: label * jax.nn.softplus(-z) + (1 - label) * jax.nn.softplus(z)


def _minimax(label: float) -> AdversarialLoss:
    """The generator minimizes `log(1 - D)`, whose gradient vanishes where D is certain (Goodfellow et al. 2014)."""
    return AdversarialLoss(_cross_entropy(label), jax.nn.softplus, lambda f: -jax.nn.softplus(f), jax.nn.sigmoid)


def _non_saturating(label: float) -> AdversarialLoss:
    """The generator minimizes `-log D`: a steep gradient where D is certain (Goodfellow et al. 2014, section 3)."""
    return _minimax(label)._replace(generator=lambda f: jax.nn.softplus(-f))


def _least_squares(label: float) -> AdversarialLoss:
    """Half the squared distances from 1 and 0 (Mao et al. 2017, equation 9)."""
    return AdversarialLoss(lambda r: (r - label) ** 2 / 2, lambda f: f**2 / 2, lambda f: (f - 1) ** 2 / 2, _identity)


def _hinge(label: float) -> AdversarialLoss:
    """The discriminator's loss is 0 beyond a margin of 1 (Lim and Ye 2017)."""
    return AdversarialLoss(lambda r: jax.nn.relu(1 - r), lambda f: jax.nn.relu(1 + f), lambda f: -f, _identity)


def _wasserstein(label: float) -> AdversarialLoss:
    """The difference of the logits estimates the earth mover's distance for a Lipschitz D (Arjovsky et al. 2017)."""
    return AdversarialLoss(lambda r: -r, lambda f: f, lambda f: -f, _identity)


def _identity(z: jax.Array) -> jax.Array:
    return z


LOSSES: MappingProxyType[str, Callable[[float], AdversarialLoss]] = MappingProxyType(
    {
        "minimax": _minimax,
        "non_saturating": _non_saturating,
        "least_squares": _least_squares,
        "hinge": _hinge,
        "wasserstein": _wasserstein,
    }
)
