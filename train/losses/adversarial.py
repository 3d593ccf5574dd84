"""What two players are told: from the discriminator's logits to a cost of each example.

`r` is the logit of a real example, `f` of a made one; high means "real". The players pull `f` in opposite directions.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["LOSSES", "AdversarialLoss", "adversarial_loss"]


class AdversarialLoss(NamedTuple):
    """The costs of one game, each from logits (batch, 1) to (batch,).

    Attributes:
        real: the discriminator's cost of real examples.
        fake: the discriminator's cost of made ones.
        made: the generator's cost.
        opinion: what D(x) is called in the log: a probability, or of critics the logit itself.
    """

    real: Callable
    fake: Callable
    made: Callable
    opinion: Callable


def adversarial_loss(name: str, label_smoothing: float = 0) -> AdversarialLoss:
    """The costs of that name.

    Args:
        name: one of `LOSSES`.
        label_smoothing: the label of real examples is that much below 1; of made ones it stays 0 (one-sided,
            Salimans et al. 2016). Hinge and wasserstein know no labels.

    >>> game = adversarial_loss("hinge")
    >>> game.real(jnp.array([[0.5]])).tolist(), game.fake(jnp.array([[0.5]])).tolist()
    ([0.5], [1.5])
    """
    game = LOSSES[name](1 - label_smoothing)
    return AdversarialLoss(*(_each(cost) for cost in game))


def _each(cost: Callable) -> Callable:
    return lambda logits: jnp.mean(cost(logits.reshape(len(logits), -1).astype(jnp.float32)), axis=-1)


def _cross_entropy(label: float) -> Callable:
    """`-(label log D + (1 - label) log(1 - D))` with D = sigmoid(logit)."""
    return lambda z: label * jax.nn.softplus(-z) + (1 - label) * jax.nn.softplus(z)


def _minimax(label: float) -> AdversarialLoss:
    """The generator lowers `log(1 - D)`: as published, but without a slope where D is sure (Goodfellow 2014)."""
    return AdversarialLoss(_cross_entropy(label), jax.nn.softplus, lambda f: -jax.nn.softplus(f), jax.nn.sigmoid)


def _non_saturating(label: float) -> AdversarialLoss:
    """The generator lowers `-log D`, whose slope is steepest where D is sure (Goodfellow 2014, section 3)."""
    return _minimax(label)._replace(made=lambda f: jax.nn.softplus(-f))


def _least_squares(label: float) -> AdversarialLoss:
    """Half squared distances from 1 and 0 (Mao et al. 2017, its equation 9)."""
    return AdversarialLoss(lambda r: (r - label) ** 2 / 2, lambda f: f**2 / 2, lambda f: (f - 1) ** 2 / 2, _itself)


def _hinge(label: float) -> AdversarialLoss:
    """The discriminator stops at a margin of 1 (Lim and Ye 2017)."""
    return AdversarialLoss(lambda r: jax.nn.relu(1 - r), lambda f: jax.nn.relu(1 + f), lambda f: -f, _itself)


def _wasserstein(label: float) -> AdversarialLoss:
    """The critic's difference estimates the earth mover's distance, if its slope is bounded (Arjovsky et al. 2017)."""
    return AdversarialLoss(lambda r: -r, lambda f: f, lambda f: -f, _itself)


def _itself(z: jax.Array) -> jax.Array:
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
