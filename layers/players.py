"""Two players: a generator that makes something, and a discriminator that tells it from what is real."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .base import Layer
from .combine import compose

__all__ = ["Players", "each_player", "players"]


class Players(NamedTuple):
    """An adversarial model: a layer from what the generator is given to what it makes, with its opponent beside it.

    Parameters and state are `{"generator": ..., "discriminator": ...}`.

    Attributes:
        init: `(key, given) -> (params, state)` of both.
        apply: `(params, state, given, key=None) -> (made, state)`: the generator's work.
        generator: from `given` to a sample.
        discriminator: from what `judged` gives to scores (batch, 1), logits of "this is real".
        given: `(key, batch) -> given`: what the generator starts from in training, one array (batch, ...): noise,
            noise with a class behind it, the spoiled image. Reads `batch["x"]` for its size, `batch["y"]` for classes.
        judged: `(sample, given) -> x`: what the discriminator sees of a sample, real or made.
    """

    init: Callable
    apply: Callable
    generator: Layer
    discriminator: Layer
    given: Callable
    judged: Callable


def players(
    generator: Layer,
    discriminator: Layer,
    given: Callable,
    judged: Callable = lambda sample, given: sample,
) -> Players:
    """Makes an adversarial model of its two players (Goodfellow et al. 2014, Generative adversarial networks).

    Args:
        generator: from `given` to samples.
        discriminator: from `judged(sample, given)` to scores (batch, 1).
        given: `(key, batch) -> given`.
        judged: by default the discriminator sees the sample alone; a conditional one sees what it was made from, too.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import dense
    >>> game = players(dense(2), dense(1), lambda key, batch: jax.random.normal(key, (len(batch["x"]), 5)))
    >>> params, state = game.init(jax.random.key(0), jnp.ones((3, 5)))
    >>> list(params), game.apply(params, state, jnp.ones((3, 5)))[0].shape
    (['generator', 'discriminator'], (3, 2))
    """
    game = compose(
        lambda call, given: call("discriminator", judged(call("generator", given), given)),
        generator=generator,
        discriminator=discriminator,
    )
    alone = compose(lambda call, given: call("generator", given), generator=generator)

    def init(key, given):
        params, state = game.init(key, given)
        return params, {"generator": {}, "discriminator": {}} | state

    return Players(init, alone.apply, generator, discriminator, given, judged)


def each_player(lift: Callable[[Layer], Layer], model: Any) -> Any:
    """Lifts a model: of players each one, what they are given and judged by as it was; of any other the whole.

    >>> from zoo.layers import dense
    >>> each_player(lambda layer: layer, dense(2)).init is not None
    True
    """
    if not isinstance(model, Players):
        return lift(model)
    return players(lift(model.generator), lift(model.discriminator), model.given, model.judged)
