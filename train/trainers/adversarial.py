"""Two players trained in turn: the discriminator learns to tell real from made, the generator to be taken for real.

Each has its own gradient, its own optimizer and its own state. Real and made samples go through the discriminator as
separate batches, for batch norm's statistics of a mixed one would tell them apart by themselves.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from zoo.layers import Players

from ..config.recipe import Recipe
from ..config.trainer_options import Adversarial, trainer_options
from ..engine.loop import Plan
from ..losses.adversarial import adversarial_loss, gradient_penalty, r1_penalty
from ..tasks.generation import Task, score
from ..trainer import Trainer, named_key
from .optimizers import ema_update, make_optimizer

__all__ = ["GanConfig", "adversarial", "gan_config"]

Optimizer = optax.GradientTransformationExtraArgs


class GanConfig(NamedTuple):
    """What does not change while two players are trained.

    Attributes:
        players: the two.
        options: the rules.
        optimizers: by player.
        steps: of the whole run; the instance noise falls over its first half.
        label_smoothing: how far below 1 the label of real examples lies.
        ema: decay of a moving average of the generator's weights, which is then evaluated and saved in their place.
        augment: `(key, samples) -> samples`, differentiable, of all that the discriminator sees.
    """

    players: Players
    options: Adversarial
    optimizers: dict[str, Optimizer]
    steps: int
    label_smoothing: float = 0
    ema: float | None = None
    augment: Callable = lambda key, samples: samples

    @property
    def loss(self):
        """The costs of both players."""
        return adversarial_loss(self.options.loss, self.label_smoothing)


def adversarial(game: GanConfig, task: Task) -> Trainer:
    """Makes the trainer of two players.

    A step is `d_steps` updates of the discriminator, each on its own share of the batch and on freshly made samples,
    and then one of the generator, on the samples that the discriminator saw last: they need not be made twice. The
    discriminator's state (batch norm's averages) moves with the real share and then with the made one, in its own
    updates only; the generator's in its own. `fit` holds `params`, `state` and `opt` by player, the number of the
    `step`, and `ema` of the generator if one is kept.

    The metrics of a step are the generator's `loss` and the discriminator's `d_loss`; `d_real` and `d_fake`, the mean
    of D(x) for real and made samples, as probabilities under minimax and non_saturating and as the logits themselves
    under the other losses; `g_norm`, `d_norm` and `grad_norm`, the norms of the gradients of each and of both.

    >>> from zoo.layers import dense, players
    >>> from zoo.train.tasks.generation import generation
    >>> sgd = optax.with_extra_args_support(optax.sgd(0.1))
    >>> two = players(dense(2), dense(1), lambda key, batch: jax.random.normal(key, (len(batch["x"]), 3)))
    >>> trainer = adversarial(GanConfig(two, Adversarial(), {"generator": sgd, "discriminator": sgd}, 10), generation())
    >>> batch = {"x": jnp.ones((4, 2))}
    >>> sorted(trainer.step(trainer.init(jax.random.key(0), batch), batch, jax.random.key(1))[1])
    ['d_fake', 'd_loss', 'd_norm', 'd_real', 'g_norm', 'grad_norm', 'loss']
    """

    def init(key, batch):
        params, state = game.players.init(key, game.players.given(key, batch))
        opt = {name: optimizer.init(params[name]) for name, optimizer in game.optimizers.items()}
        fit = {"params": params, "state": state, "opt": opt, "step": jnp.zeros((), jnp.int32)}
        return fit if game.ema is None else fit | {"ema": {"generator": params["generator"]}}

    def step(fit: dict[str, Any], batch, key):
        told: dict[str, Any] = {}
        for i in range(game.options.d_steps):
            part = _share(batch, i, game.options.d_steps)
            made = _make(game, fit, part, named_key(key, "noise", i))
            fit, told = _discriminate(game, fit, part, made, named_key(key, "discriminator", i))
        fit, said = _generate(game, fit, part, made, named_key(key, "generator"))
        if game.ema is not None:
            average = ema_update(fit["ema"]["generator"], fit["params"]["generator"], game.ema, fit["step"])
            fit = fit | {"ema": {"generator": average}}
        norm = jnp.sqrt(told["d_norm"] ** 2 + said["g_norm"] ** 2)
        return fit | {"step": fit["step"] + 1}, said | told | {"grad_norm": norm}

    return Trainer(init, step, score(game.players, task), task.finish)


def gan_config(players: Players, recipe: Recipe, plan: Plan) -> GanConfig:
    """The game that a recipe says, as long as the plan."""
    options = trainer_options(recipe)
    rates = {"generator": (recipe, 1), "discriminator": (recipe, options.d_steps)}
    if options.d_lr is not None:
        rates["discriminator"] = replace(recipe, lr=options.d_lr), options.d_steps
    optimizers = {
        player: make_optimizer(its, plan.steps * turns, plan.steps_per_epoch * turns)
        for player, (its, turns) in rates.items()
    }
    game = GanConfig(players, options, optimizers, plan.steps, recipe.label_smoothing, recipe.ema)
    if not options.augment_diff:
        return game
    from .diff_augment import diff_augment

    return game._replace(augment=partial(diff_augment, options.augment_diff))


def _share(batch: dict, i: int, parts: int) -> dict:
    """The i-th of equal parts of a batch."""
    size = len(batch["x"]) // parts
    return {name: each[i * size : (i + 1) * size] for name, each in batch.items()}


class _Made(NamedTuple):
    """Samples of the generator.

    Attributes:
        given: what they were made from.
        samples: as they came.
        back: the gradient of the samples to that of the generator's parameters, in a tuple.
        state: of the generator, after it.
    """

    given: jax.Array
    samples: jax.Array
    back: Callable
    state: Any


def _make(game: GanConfig, fit: dict, batch: dict, key: jax.Array) -> _Made:
    """The generator makes as many samples as the batch has; nothing moves."""
    given = game.players.given(named_key(key, "given"), batch)

    def make(params):
        params = fit["params"] | {"generator": params}
        samples, state = game.players.apply(params, fit["state"], given, named_key(key, "made"))
        return samples, state["generator"]

    return _Made(given, *jax.vjp(make, fit["params"]["generator"], has_aux=True))


def _discriminate(game: GanConfig, fit: dict, batch: dict, made: _Made, key: jax.Array) -> tuple[dict, dict]:
    """One update of the discriminator; nothing of the generator moves."""
    players, options, loss = game.players, game.options, game.loss
    real, given = batch["x"], made.given

    def cost(params):
        r, state = _look(game, fit, params, fit["state"]["discriminator"], real, given, named_key(key, "real"))
        f, state = _look(game, fit, params, state, made.samples, given, named_key(key, "fake"))
        total = jnp.mean(loss.real(r)) + jnp.mean(loss.fake(f))

        def logit(x):
            seen = players.judged(x, given)
            return players.discriminator.apply(params, fit["state"]["discriminator"], seen, named_key(key, "slope"))[0]

        if options.gradient_penalty:
            total += options.gradient_penalty * gradient_penalty(logit, real, made.samples, named_key(key, "between"))
        if options.r1:
            total += options.r1 * r1_penalty(logit, real)
        return total, (state, jnp.mean(loss.score_transform(r)), jnp.mean(loss.score_transform(f)))

    found, gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"]["discriminator"])
    value, (state, d_real, d_fake) = found
    fit = _moved(game, fit, "discriminator", gradient, value, state)
    return fit, {"d_loss": value, "d_real": d_real, "d_fake": d_fake, "d_norm": optax.global_norm(gradient)}


def _generate(game: GanConfig, fit: dict, batch: dict, made: _Made, key: jax.Array) -> tuple[dict, dict]:
    """One update of the generator; nothing of the discriminator moves."""
    options = game.options

    def cost(samples):
        opponent = fit["params"]["discriminator"], fit["state"]["discriminator"]
        f, _ = _look(game, fit, *opponent, samples, made.given, named_key(key, "fake"))
        value, distance = jnp.mean(game.loss.generator(f)), jnp.mean(jnp.abs(samples - batch["x"]))
        return value + options.l1 * distance if options.l1 else value, distance

    (value, distance), slope = jax.value_and_grad(cost, has_aux=True)(made.samples)
    (gradient,) = made.back(slope)
    told = {"loss": value, "g_norm": optax.global_norm(gradient)} | ({"l1": distance} if options.l1 else {})
    return _moved(game, fit, "generator", gradient, value, made.state), told


def _look(game: GanConfig, fit: dict, params: Any, state: Any, samples: jax.Array, given: Any, key: jax.Array):
    """The discriminator's logits of samples as it sees them in training, and its new state."""
    samples = game.augment(named_key(key, "augment"), samples)
    if game.options.instance_noise:
        left = jnp.maximum(1 - 2 * fit["step"] / game.steps, 0)  # sharp modes want the other half without it
        noise = jax.random.normal(named_key(key, "noise"), samples.shape, samples.dtype)
        samples = samples + game.options.instance_noise * left * noise
    seen = game.players.judged(samples, given)
    return game.players.discriminator.apply(params, state, seen, named_key(key, "layers"))


def _moved(game: GanConfig, fit: dict, player: str, gradient: Any, value: jax.Array, state: Any) -> dict:
    """The fit with one player's parameters, state and optimizer moved."""
    updates, opt = game.optimizers[player].update(gradient, fit["opt"][player], fit["params"][player], value=value)
    params = optax.apply_updates(fit["params"][player], updates)
    limit = game.options.clip_weights if player == "discriminator" else None
    if limit is not None:
        params = jax.tree.map(lambda leaf: jnp.clip(leaf, -limit, limit), params)
    new = {"params": params, "state": state, "opt": opt}
    return fit | {name: fit[name] | {player: value} for name, value in new.items()}
