"""The step of a GAN: updates of the discriminator, then one of the generator.

Each network has its own gradient, optimizer and state. Real and generated samples pass through the discriminator as
separate batches, because the statistics of batch norm over a mixed batch would give them away.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from zoo.layers import Players

from ..losses import adversarial as losses
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from .optimizers import Optimizer, apply_gradient, ema_update
from .scoring import scores

__all__ = ["GanConfig", "gan_trainer"]


class GanConfig(NamedTuple):
    """Holds everything of an adversarial training that does not change from step to step.

    Attributes:
        players: generator and discriminator.
        optimizers: optimizer of each network, by name.
        steps: length of the run; the instance noise falls to 0 over its first half.
        loss: losses of both networks.
        d_steps: updates of the discriminator per step.
        clip_weights: largest absolute value of the discriminator's parameters; None: no limit.
        gradient_penalty: weight of the gradient penalty; 0: none.
        r1: gamma of the R1 penalty; 0: none.
        instance_noise: initial standard deviation of the noise on the discriminator's inputs; 0: none.
        l1: weight of the mean absolute difference between generated and real samples; 0: none.
        ema: decay of a moving average of the generator's parameters, which is evaluated and saved in their place.
        augment: `(key, samples) -> samples`, a differentiable change of the discriminator's inputs.
    """

    players: Players
    optimizers: dict[str, Optimizer]
    steps: int
    loss: losses.AdversarialLoss = losses.adversarial_loss("non_saturating")
    d_steps: int = 1
    clip_weights: float | None = None
    gradient_penalty: float = 0
    r1: float = 0
    instance_noise: float = 0
    l1: float = 0
    ema: float | None = None
    augment: Callable = lambda key, samples: samples


def gan_trainer(config: GanConfig, task: Task) -> Trainer:
    """Makes the trainer of a generator and a discriminator from its parts.

    A step is `d_steps` updates of the discriminator, each on its own share of the batch and on newly generated samples,
    and then one update of the generator, on the samples that the discriminator saw last, which are not generated twice.
    The state of the discriminator (the averages of batch norm) follows the real and then the generated samples of its
    own updates only; that of the generator follows its own. `fit` holds `params`, `state` and `opt` of each network,
    the number of the `step`, and `ema` of the generator if one is kept.

    The metrics of a step are the generator's `loss` and the discriminator's `d_loss`; `d_real` and `d_fake`, the mean
    of D(x) over real and generated samples, as probabilities under minimax and non_saturating and as logits under the
    other losses; `g_norm`, `d_norm` and `grad_norm`, the norms of the gradients of each network and of both.

    >>> from zoo.layers import dense, players
    >>> from zoo.train.tasks.generation import generation
    >>> sgd = optax.with_extra_args_support(optax.sgd(0.1))
    >>> two = players(dense(2), dense(1), lambda key, batch: jax.random.normal(key, (len(batch["x"]), 3)))
    >>> trainer = gan_trainer(GanConfig(two, {"generator": sgd, "discriminator": sgd}, 10), generation())
    >>> batch = {"x": jnp.ones((4, 2))}
    >>> sorted(trainer.step(trainer.init(jax.random.key(0), batch), batch, jax.random.key(1))[1])
    ['d_fake', 'd_loss', 'd_norm', 'd_real', 'g_norm', 'grad_norm', 'loss']
    """

    def init(key, batch):
        params, state = config.players.init(key, config.players.given(key, batch))
        opt = {name: optimizer.init(params[name]) for name, optimizer in config.optimizers.items()}
        fit = {"params": params, "state": state, "opt": opt, "step": jnp.zeros((), jnp.int32)}
        return fit if config.ema is None else fit | {"ema": {"generator": params["generator"]}}

    def step(fit: dict[str, Any], batch, key):
        d_metrics: dict[str, Any] = {}
        for i in range(config.d_steps):
            part = _share(batch, i, config.d_steps)
            generated = _generate(config, fit, part, named_key(key, "noise", i))
            d_key = named_key(key, "discriminator", i)
            fit, d_metrics = _update_discriminator(config, fit, part, generated, d_key)
        fit, g_metrics = _update_generator(config, fit, part, generated, named_key(key, "generator"))
        if config.ema is not None:
            average = ema_update(fit["ema"]["generator"], fit["params"]["generator"], config.ema, fit["step"])
            fit = fit | {"ema": {"generator": average}}
        norm = jnp.sqrt(d_metrics["d_norm"] ** 2 + g_metrics["g_norm"] ** 2)
        return fit | {"step": fit["step"] + 1}, g_metrics | d_metrics | {"grad_norm": norm}

    return Trainer(init, step, scores(config.players, task), task.finish)


def _share(batch: dict, i: int, parts: int) -> dict:
    """Returns the i-th of equal parts of a batch."""
    size = len(batch["x"]) // parts
    return {name: each[i * size : (i + 1) * size] for name, each in batch.items()}


class _Generated(NamedTuple):
    """Generated samples.

    Attributes:
        given: inputs of the generator.
        samples: its outputs.
        vjp: maps the gradient with respect to the samples to that of the generator's parameters, in a tuple.
        state: new state of the generator.
    """

    given: jax.Array
    samples: jax.Array
    vjp: Callable
    state: Any


def _generate(config: GanConfig, fit: dict, batch: dict, key: jax.Array) -> _Generated:
    """Generates as many samples as the batch has, without an update."""
    given = config.players.given(named_key(key, "given"), batch)

    def generate(params):
        params = fit["params"] | {"generator": params}
        samples, state = config.players.apply(params, fit["state"], given, named_key(key, "made"))
        return samples, state["generator"]

    return _Generated(given, *jax.vjp(generate, fit["params"]["generator"], has_aux=True))


def _update_discriminator(
    config: GanConfig, fit: dict, batch: dict, generated: _Generated, key: jax.Array
) -> tuple[dict, dict]:
    """Makes one update of the discriminator; returns the fit and the metrics."""
    players, loss, given = config.players, config.loss, generated.given
    real, fake = batch["x"], generated.samples

    def cost(params):
        r, state = _logits(config, fit, params, fit["state"]["discriminator"], real, given, named_key(key, "real"))
        f, state = _logits(config, fit, params, state, fake, given, named_key(key, "fake"))
        total = jnp.mean(loss.real(r)) + jnp.mean(loss.fake(f))

        def logit(x):
            seen = players.judged(x, given)
            return players.discriminator.apply(params, fit["state"]["discriminator"], seen, named_key(key, "slope"))[0]

        if config.gradient_penalty:
            total += config.gradient_penalty * losses.gradient_penalty(logit, real, fake, named_key(key, "between"))
        if config.r1:
            total += config.r1 * losses.r1_penalty(logit, real)
        return total, (state, jnp.mean(loss.score_transform(r)), jnp.mean(loss.score_transform(f)))

    found, gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"]["discriminator"])
    value, (state, d_real, d_fake) = found
    fit = _updated(config, fit, "discriminator", gradient, value, state)
    return fit, {"d_loss": value, "d_real": d_real, "d_fake": d_fake, "d_norm": optax.global_norm(gradient)}


def _update_generator(
    config: GanConfig, fit: dict, batch: dict, generated: _Generated, key: jax.Array
) -> tuple[dict, dict]:
    """Makes one update of the generator; returns the fit and the metrics."""

    def cost(samples):
        params, state = fit["params"]["discriminator"], fit["state"]["discriminator"]
        f, _ = _logits(config, fit, params, state, samples, generated.given, named_key(key, "fake"))
        value, distance = jnp.mean(config.loss.generator(f)), jnp.mean(jnp.abs(samples - batch["x"]))
        return value + config.l1 * distance if config.l1 else value, distance

    (value, distance), slope = jax.value_and_grad(cost, has_aux=True)(generated.samples)
    (gradient,) = generated.vjp(slope)
    metrics = {"loss": value, "g_norm": optax.global_norm(gradient)} | ({"l1": distance} if config.l1 else {})
    return _updated(config, fit, "generator", gradient, value, generated.state), metrics


def _logits(config: GanConfig, fit: dict, params: Any, state: Any, samples: jax.Array, given: Any, key: jax.Array):
    """Returns the discriminator's logits of augmented, noisy samples, and its new state."""
    samples = config.augment(named_key(key, "augment"), samples)
    if config.instance_noise:
        left = jnp.maximum(1 - 2 * fit["step"] / config.steps, 0)  # sharp modes need the other half without it
        noise = jax.random.normal(named_key(key, "noise"), samples.shape, samples.dtype)
        samples = samples + config.instance_noise * left * noise
    seen = config.players.judged(samples, given)
    return config.players.discriminator.apply(params, state, seen, named_key(key, "layers"))


def _updated(config: GanConfig, fit: dict, player: str, gradient: Any, loss: jax.Array, state: Any) -> dict:
    """Returns the fit after an update of one network's parameters, state and optimizer."""
    optimizer = config.optimizers[player]
    params, opt = apply_gradient(optimizer, gradient, fit["opt"][player], fit["params"][player], loss)
    limit = config.clip_weights if player == "discriminator" else None
    if limit is not None:
        params = jax.tree.map(lambda leaf: jnp.clip(leaf, -limit, limit), params)
    new = {"params": params, "state": state, "opt": opt}
    return fit | {name: fit[name] | {player: value} for name, value in new.items()}
