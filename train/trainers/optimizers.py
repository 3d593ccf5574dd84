"""Optimizers, composed of optax transformations from the gradient to the update.

loss gradient -> clip_grad -> + l1, l2 -> the optimizer's direction -> + weight_decay -> times -rate

With momentum and nesterov the weight decay comes before the direction.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from ..config.recipe import Recipe
from ..config.validate import check_recipe
from ..option_types import is_off
from .schedules import make_schedule

__all__ = ["OPTIMIZERS", "Optimizer", "apply_gradient", "ema_update", "is_decayed", "make_optimizer"]

Optimizer = optax.GradientTransformationExtraArgs

_MARGIN = 1e-4  # of the lowest loss, by which a new low of plateau is lower


def make_optimizer(recipe: Recipe, total_steps: int, steps_per_epoch: int) -> Optimizer:
    """Makes the optimizer of a recipe; its update also receives the loss: `tx.update(grads, opt, params, value=loss)`.

    L1, L2 and weight decay apply to weights only (see `is_decayed`). Weight decay is decoupled (Loshchilov & Hutter
    2019), so `adam` with weight decay is AdamW; with momentum and nesterov it is added to the gradient before the
    velocity, as in PyTorch and in published results of SGD. `momentum` is also the first decay (b1) of adam, adamw,
    lamb and lion.

    Args:
        recipe: gives opt, lr, schedule, regularisation, accumulate.
        total_steps: training steps of the whole run.
        steps_per_epoch: training steps of an epoch.

    Raises:
        BadInput: if a value of the recipe is out of range.

    >>> tx = make_optimizer(Recipe("mlp", "iris", opt="sgd", lr=0.1), total_steps=100, steps_per_epoch=10)
    >>> w = {"w": jnp.ones((2, 1))}
    >>> tx.update(w, tx.init(w), w, value=jnp.array(1.0))[0]["w"].ravel().tolist()
    [-0.10000000149011612, -0.10000000149011612]
    """
    check_recipe(recipe)
    parts = [] if recipe.clip_grad is None else [optax.clip_by_global_norm(recipe.clip_grad)]
    if not (is_off(recipe.l1) and is_off(recipe.l2)):
        parts.append(_penalty(recipe.l1, recipe.l2))
    parts += [OPTIMIZERS[recipe.opt](recipe)]
    parts += [optax.scale_by_learning_rate(make_schedule(recipe, total_steps, steps_per_epoch))]
    tx = optax.with_extra_args_support(optax.chain(*parts))
    if recipe.accumulate > 1:
        several = optax.MultiSteps(tx, recipe.accumulate)
        tx = optax.GradientTransformationExtraArgs(several.init, several.update)  # pyright: ignore[reportArgumentType]
    if recipe.sched == "plateau":  # outside of the accumulation, so that it sees the loss of every step
        tx = optax.chain(tx, _plateau(recipe, steps_per_epoch))
    return optax.with_extra_args_support(tx)


def apply_gradient(optimizer: Optimizer, gradient: Any, opt: Any, params: Any, loss: jax.Array) -> tuple[Any, Any]:
    """Returns the parameters and the state of the optimizer after one update."""
    updates, opt = optimizer.update(gradient, opt, params, value=loss)
    return optax.apply_updates(params, updates), opt


def is_decayed(params: Any) -> Any:
    """Returns a tree that is True for weights, the leaves of two axes and more, and False for biases and scales.

    >>> is_decayed({"w": jnp.ones((3, 2)), "b": jnp.ones(2)})
    {'b': False, 'w': True}
    """
    return jax.tree.map(lambda p: p.ndim > 1, params)


def ema_update(ema: Any, params: Any, decay: float | jax.Array, step: jax.Array | int, every: int = 1) -> Any:
    """Updates an exponential moving average of the parameters.

    After n updates the decay is at most `(1 + n) / (10 + n)`, so that the untrained parameters soon lose their weight.

    Args:
        ema: average so far, at first the initial parameters.
        params: parameters after this step.
        decay: between 0 and 1, for example 0.999.
        step: number of steps before this one, 0 at first.
        every: steps per update; between two updates the average does not change.
    """
    seen = jnp.asarray(step) // every
    keep = jnp.minimum(decay, (1 + seen) / (10 + seen))
    if every > 1:
        keep = jnp.where((jnp.asarray(step) + 1) % every == 0, keep, 1)
    return jax.tree.map(lambda e, p: (p + keep * (e - p)).astype(e.dtype), ema, params)


def _penalty(l1: float, l2: float) -> optax.GradientTransformation:
    """Adds the gradient of `l1 sum|w| + l2/2 sum w^2`."""

    def add(gradient, params):
        return jax.tree.map(
            lambda g, p, is_weight: g + l1 * jnp.sign(p) + l2 * p if is_weight else g,
            gradient,
            params,
            is_decayed(params),
        )

    return optax.stateless(add)


def _plateau(recipe: Recipe, steps_per_epoch: int) -> Optimizer:
    """Multiplies the rate by `decay` after `step_epochs` epochs in which the mean training loss reached no new low.

    A new low is lower by at least 0.01 % of the lowest so far, as in PyTorch; so slow a fall is a plateau. The state is
    that of `optax.contrib.reduce_on_plateau`, which takes any loss below 0 that stays the same for a new low.
    """
    patience = max(1, round(recipe.step_epochs))
    init = optax.contrib.reduce_on_plateau(recipe.decay, patience, accumulation_size=steps_per_epoch).init

    def update(updates, state, params=None, *, value, **extra):
        count = state.count + 1
        mean = ((state.count * state.avg_value + value) / count).astype(state.avg_value.dtype)
        ends, low = count == steps_per_epoch, state.best_value
        is_low = mean < jnp.where(low < 0, 1 + _MARGIN, 1 - _MARGIN) * low
        without = jnp.where(is_low, 0, state.plateau_count + 1)
        falls = ends & (without == patience)
        state = state._replace(
            best_value=jnp.where(ends & is_low, mean, low),
            plateau_count=jnp.where(ends, jnp.where(falls, 0, without), state.plateau_count),
            scale=jnp.where(falls, state.scale * recipe.decay, state.scale),
            count=jnp.where(ends, 0, count),
            avg_value=jnp.where(ends, 0, mean),
        )
        return jax.tree.map(lambda u: state.scale * u, updates), state

    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]


def _decay(recipe: Recipe) -> optax.GradientTransformation:
    none = is_off(recipe.weight_decay)
    return optax.identity() if none else optax.add_decayed_weights(recipe.weight_decay, is_decayed)


def _sgd(recipe: Recipe) -> optax.GradientTransformation:
    return _decay(recipe)


def _momentum(recipe: Recipe) -> optax.GradientTransformation:
    return optax.chain(_decay(recipe), optax.trace(recipe.momentum))


def _nesterov(recipe: Recipe) -> optax.GradientTransformation:
    return optax.chain(_decay(recipe), optax.trace(recipe.momentum, nesterov=True))


def _rmsprop(recipe: Recipe) -> optax.GradientTransformation:
    return optax.chain(optax.scale_by_rms(), _decay(recipe))


def _adagrad(recipe: Recipe) -> optax.GradientTransformation:
    return optax.chain(optax.scale_by_rss(), _decay(recipe))


def _adam(recipe: Recipe) -> optax.GradientTransformation:
    return optax.chain(optax.scale_by_adam(recipe.momentum, recipe.b2), _decay(recipe))


def _lion(recipe: Recipe) -> optax.GradientTransformation:
    return optax.chain(optax.scale_by_lion(recipe.momentum), _decay(recipe))


def _lamb(recipe: Recipe) -> optax.GradientTransformation:
    adam = optax.scale_by_adam(recipe.momentum, recipe.b2, eps=1e-6)
    return optax.chain(adam, _decay(recipe), optax.scale_by_trust_ratio())


def _muon(recipe: Recipe) -> optax.GradientTransformation:
    """Updates matrices by Muon and other parameters by Adam with Nesterov momentum, both with steps of Adam's size."""
    # Its own decay skips convolutions and includes biases, hence a rate of 1 here and the common decay after it.
    muon = optax.contrib.muon(learning_rate=1.0, adam_b2=recipe.b2, consistent_rms=0.2)  # 0.2: Liu et al. 2025
    return optax.chain(muon, optax.scale(-1.0), _decay(recipe))


# By the name in the recipe: the direction of the update before its sign; clipping, penalties and rate are common.
# Gradient descent is SGD whose batch is the whole set.
OPTIMIZERS: dict[str, Callable[[Recipe], optax.GradientTransformation]] = {
    "gd": _sgd,
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adam": _adam,
    "adamw": _adam,
    "lion": _lion,
    "lamb": _lamb,
    "muon": _muon,
}
