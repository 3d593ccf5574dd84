"""Adversarial models: a generator of samples and a discriminator of real and generated samples."""

from collections.abc import Callable
from typing import Any, NamedTuple

from .base import Layer
from .combine import compose

__all__ = ["Players", "each_player", "players"]


class Players(NamedTuple):
    """Adversarial model: a pair of networks, usable as a layer that runs the generator.

    Parameters and state are `{"generator": ..., "discriminator": ...}`.

    Attributes:
        init: `(key, given) -> (params, state)`: initialises both networks for generator inputs `given`.
        apply: `(params, state, given, key=None) -> (samples, state)`: runs the generator.
        generator: layer from generator inputs to samples.
        discriminator: layer from discriminator inputs to logits (batch, 1) of the sample being real.
        given: `(key, batch) -> given`: builds the generator inputs of a batch, one array (batch, ...): noise, noise
            with a class label, a corrupted image. `batch["x"]` are real samples, `batch["y"]` their classes.
        judged: `(sample, given) -> x`: builds the discriminator input from a real or generated sample.
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
    """Builds an adversarial model of two networks (Goodfellow et al. 2014, Generative adversarial networks).

    Args:
        generator: layer from `given(key, batch)` to samples.
        discriminator: layer from `judged(sample, given)` to logits (batch, 1).
        given: `(key, batch) -> given`, the generator inputs.
        judged: `(sample, given) -> x`, the discriminator input; by default the sample alone. A conditional
            discriminator also receives `given`.

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
    """Applies a layer transformation to a model: to both networks of `Players`, to any other model as a whole.

    A model whose capabilities run its layers, too, has the field `lifted(lift) -> model`, which builds it from the
    transformed layers. Of others the further fields (such as `sample` or `log_prob`) are kept as they are.

    Args:
        lift: `layer -> layer`.
        model: a `Layer`, `Players`, or another named tuple whose first fields are `init` and `apply`.

    >>> from zoo.layers import dense
    >>> class Sampler(NamedTuple):
    ...     init: Callable
    ...     apply: Callable
    ...     sample: Callable
    >>> each_player(lambda layer: dense(3), Sampler(*dense(2), sample=print)).sample is print
    True
    """
    if hasattr(model, "discriminator"):
        lifted = players(lift(model.generator), lift(model.discriminator), model.given, model.judged)
        changed = {name: getattr(lifted, name) for name in ("init", "apply", "generator", "discriminator")}
        return model._replace(**changed)
    if hasattr(model, "lifted"):
        return model.lifted(lift)
    lifted = lift(model)
    further = len(getattr(model, "_fields", ())) > len(Layer._fields)
    return model._replace(init=lifted.init, apply=lifted.apply) if further else lifted
