"""Learning with sets of examples in which one factor of the data varies: its latents alone may change the output."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from zoo._variational import kl_of

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, eval_params, named_key
from . import Run
from ._bound_sums import bound_sums, check_bound, collapse, initial, total
from ._factor_figures import factor_figures
from ._factors import factor_scores, products, sets_of
from .optimizers import apply_gradient, ema_update, make_optimizer

__all__ = ["factorised"]

TRAITS = {"batch": "all"}


def factorised(
    model: Any,
    task: Task,
    run: Run,
    *,
    columns: tuple[int, ...] = (),
    sets: Annotated[tuple[int, ...], Bounds(1)] = (),
    size: Annotated[int, Bounds(2)] = 7,
    invariance: Annotated[float, Bounds(0)] = 10.0,
    beta: Annotated[float, Bounds(0)] = 1.0,
    warmup: Annotated[float, Bounds(0)] = 0.0,
    importance_samples: Annotated[int, Bounds(1)] = 8,
) -> Trainer:
    """Makes the trainer of an autoencoder whose latents are divided among factors (Kulkarni et al. 2015).

    The targets of the training examples are their factors. Every step takes sets of examples, in each of which one
    factor alone varies. The decoder reads the mean of the set in place of the latents of all other factors. These
    latents receive, in place of the gradient of the reconstruction, their difference from that mean; the divergence
    from the prior is that of the latents of the factor that varies.

    Evaluations report besides the bounds `own_r2`, the least R2 of a factor by a linear function of its own latents,
    and `other_r2`, the largest by one of all other latents, all of them drawn from their posteriors.

    Args:
        model: a `dcign`.
        task: density.
        run: gives optimizer, schedule, length, and the factors of the training examples.
        columns: number of columns of the targets that belong to each factor (default: 1 for each).
        sets: number of sets in a step for each factor, more for factors that are harder to see (default: 2 for each).
        size: examples of a set.
        invariance: weight of the difference of the other latents from their mean.
        beta: weight of the divergence from the prior.
        warmup: epochs in which both weights rise from 0, against a collapse of the latents of factors that change few
            pixels.
        importance_samples: latents drawn for each example in an evaluation.

    Raises:
        BadInput: if the model has no groups of latents, they do not fit the factors, or no examples differ in one
            factor alone.
    """
    check_bound(model, run)
    factors = _factors(model, run, columns)
    draw = _draw(model, run, factors, sets or (2,) * len(factors), size)
    optimizer, ema = make_optimizer(run.recipe, run.steps, run.steps_per_epoch), run.recipe.ema
    rise = warmup * run.steps_per_epoch

    def step(fit, batch, key):
        share = jnp.minimum(fit["step"] / rise, 1) if rise else 1.0
        x, active = draw(batch["x"], named_key(key, "sets"))
        cost = partial(_cost, model, fit["state"], x, active, size, (share * beta, share * invariance))
        (loss, parts), gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"], named_key(key, "latents"))
        params, opt = apply_gradient(optimizer, gradient, fit["opt"], fit["params"], loss)
        new = fit | {"params": params, "opt": opt, "step": fit["step"] + 1}
        if ema is not None:
            new["ema"] = ema_update(fit["ema"], params, ema, fit["step"])
        return new, parts | {"loss": loss, "grad_norm": optax.global_norm(gradient)}

    start, scored = initial(model, optimizer, ema), _scores(model, task, factors, importance_samples)
    return Trainer(start, step, *scored, figures=factor_figures(factors), warnings=collapse)


def _scores(
    model: Any, task: Task, factors: list[tuple[int, ...]], samples: int
) -> tuple[Callable[..., dict], Callable[[dict], dict]]:
    """Makes `evaluate` and `finish` of the trainer: the bounds, and how well latents predict the factors."""

    def evaluate(fit, batch, key):
        params, state = eval_params(fit)
        sums = bound_sums(model, params, state, batch, named_key(key, "latents"), samples)
        y = batch["y"].reshape(len(batch["weight"]), sum(map(len, factors)))
        mean, log_variance = model.encode(params, state, batch["x"])
        return sums | {"_moments": total(products(mean, log_variance, y), batch)}

    def finish(means):
        own, other = factor_scores(means["_moments"], model.groups, factors)
        return task.finish(means) | {"own_r2": min(own), "other_r2": max(other)}

    return evaluate, finish


def _factors(model: Any, run: Run, columns: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Returns the columns of each factor.

    Raises:
        BadInput: if they are not as many as the groups of latents, or not all columns of the targets.
    """
    name = run.recipe.model
    if not getattr(model, "groups", ()):
        raise BadInput(
            f"--trainer {run.recipe.trainer} needs latents in groups, such as --model dcign; {name} has none"
        )
    columns = columns or (1,) * len(model.groups)
    if len(columns) != len(model.groups):
        raise BadInput(
            f"--m.factors gives {name} latents of {len(model.groups)} factors, --t.columns names {len(columns)}: both "
            "must be as many"
        )
    wide = 0 if run.targets is None else int(np.prod(np.shape(run.targets)[1:]))
    if run.targets is not None and (sum(columns) != wide or np.asarray(run.targets).dtype.kind != "f"):
        raise BadInput(
            f"--t.columns {','.join(map(str, columns))} are {sum(columns)} columns of numbers; the targets of "
            f"{run.recipe.dataset} have {wide}. {name} needs the factors of its images as targets, as in --dataset "
            "shape_factors"
        )
    ends = np.cumsum((0, *columns))
    return [tuple(range(start, end)) for start, end in pairwise(ends.tolist())]


def _draw(
    model: Any, run: Run, factors: list[tuple[int, ...]], sets: tuple[int, ...], size: int
) -> Callable[[Any, Any], tuple[jax.Array, jax.Array]]:
    """Returns the function that draws the sets of a step, from all examples and a random key.

    It gives the examples of all sets, one set after the other, and which latents of each belong to the factor that
    varies in its set (examples, latents).

    Raises:
        BadInput: if there is not a number of sets for each factor, or no examples differ in one factor alone.
    """
    if len(sets) != len(factors):
        raise BadInput(f"--t.sets {','.join(map(str, sets))}: expected a number for each of {len(factors)} factors")
    rows, counts = (None, None) if run.targets is None else sets_of(np.asarray(run.targets), factors, size)
    member = np.array([[latent in group for latent in range(model.latents)] for group in model.groups])
    factor = np.repeat(np.arange(len(factors)), sets)  # of each set

    def draw(x, key):
        which = jax.random.randint(key, factor.shape, 0, jnp.asarray(counts)[factor])
        chosen = jnp.asarray(rows)[factor, which]
        return x[chosen.reshape(len(factor) * size)], jnp.asarray(np.repeat(member[factor], size, axis=0))

    return draw


def _cost(
    model: Any,
    state: Any,
    x: Any,
    active: Any,
    size: int,
    weights: tuple[Any, Any],
    params: Any,
    key: Any,
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Computes the loss of some sets, in each of which the active latents alone differ for the decoder, and its parts.

    Args:
        model: the model.
        state: its state.
        x: examples of all sets, one set after the other.
        active: which latents of each example belong to the factor that varies in its set (examples, latents).
        size: number of examples in each set.
        weights: those of the divergence and of the difference of the other latents from their mean.
        params: parameters of the model.
        key: random key of the latents.
    """
    mean, log_variance = model.encode(params, state, x)
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
    each = jnp.mean(mean.reshape(len(mean) // size, size, mean.shape[-1]), axis=1)
    centre = jax.lax.stop_gradient(jnp.repeat(each, size, axis=0))
    seen = jnp.mean(model.seen(params, state, jnp.where(active, z, centre), x))
    # Other latents than the active ones carry nothing here, and would be taught to carry nothing anywhere.
    kl = jnp.mean(jnp.sum(jnp.where(active, kl_of(mean, log_variance), 0), axis=-1))
    # Its gradient is the difference from the mean, with which the paper replaces that of the reconstruction.
    apart = jnp.mean(jnp.sum(jnp.where(active, 0, jnp.square(mean - centre)), axis=-1))
    beta, invariance = weights
    return beta * kl + 0.5 * invariance * apart - seen, {"reconstruction": -seen, "kl": kl, "variation": apart}
