"""Learning with batches in which one factor of the data varies: its latents alone may change the images."""

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
from ._bound_sums import bound_sums, check_bound, collapse, initial
from ._factors import factor_figures, factor_scores, factor_sums, sets_of
from .optimizers import apply_gradient, ema_update, make_optimizer

__all__ = ["factorised"]

TRAITS = {"batch": "all"}


def factorised(
    model: Any,
    task: Task,
    run: Run,
    *,
    columns: tuple[int, ...] = (),
    sets: Annotated[int, Bounds(1)] = 8,
    size: Annotated[int, Bounds(2)] = 6,
    invariance: Annotated[float, Bounds(0)] = 1.0,
    beta: Annotated[float, Bounds(0)] = 1.0,
    importance_samples: Annotated[int, Bounds(1)] = 8,
) -> Trainer:
    """Makes the trainer of an autoencoder whose latents are divided among factors (Kulkarni et al. 2015).

    Evaluations report besides the bounds `own_r2`, the least R2 of a factor by a linear function of its own latents,
    and `other_r2`, the largest by all other latents.

    The targets of the training examples are their factors. Every step takes one factor and some sets of examples, in
    each of which this factor alone varies. The decoder reads the mean of the set in place of all latents of the other
    factors, and these latents receive, in place of the gradient of the reconstruction, their difference from that mean.

    Args:
        model: a `dcign`.
        task: density.
        run: gives optimizer, schedule, length, and the factors of the training examples.
        columns: number of columns of the targets that belong to each factor (default: 1 for each).
        sets: sets of examples in a step, all with the same factor.
        size: examples of a set.
        invariance: weight of the difference of the other latents from their mean.
        beta: weight of the divergence from the prior.
        importance_samples: latents drawn for each example in an evaluation.

    Raises:
        BadInput: if the model has no groups of latents, they do not fit the factors, or no examples differ in one
            factor alone.
    """
    check_bound(model, run)
    factors = _factors(model, run, columns)
    optimizer, ema = make_optimizer(run.recipe, run.steps, run.steps_per_epoch), run.recipe.ema
    rows, counts = (None, None) if run.targets is None else sets_of(np.asarray(run.targets), factors, size)
    member = np.array([[latent in group for latent in range(model.latents)] for group in model.groups])

    def step(fit, batch, key):
        factor = jax.random.randint(named_key(key, "factor"), (), 0, len(factors))
        which = jax.random.randint(named_key(key, "sets"), (sets,), 0, jnp.asarray(counts)[factor])
        x = batch["x"][jnp.asarray(rows)[factor, which].reshape(-1)]
        cost = partial(_cost, model, fit["state"], x, jnp.asarray(member)[factor], (sets, size), (beta, invariance))
        (loss, parts), gradient = jax.value_and_grad(cost, has_aux=True)(fit["params"], named_key(key, "latents"))
        params, opt = apply_gradient(optimizer, gradient, fit["opt"], fit["params"], loss)
        new = fit | {"params": params, "opt": opt, "step": fit["step"] + 1}
        if ema is not None:
            new["ema"] = ema_update(fit["ema"], params, ema, fit["step"])
        return new, parts | {"loss": loss, "grad_norm": optax.global_norm(gradient)}

    def evaluate(fit, batch, key):
        params, state = eval_params(fit)
        sums = bound_sums(model, params, state, batch, named_key(key, "latents"), importance_samples)
        return sums | factor_sums(model.features(params, state, batch["x"]), batch)

    def finish(means):
        own, other = factor_scores(means["_moments"], model.groups, factors)
        return task.finish(means) | {"own_r2": min(own), "other_r2": max(other)}

    return Trainer(
        initial(model, optimizer, ema), step, evaluate, finish, figures=factor_figures(factors), warnings=collapse
    )


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
            f"--m.groups has {len(model.groups)} factors, --t.columns {len(columns)}: both name the same factors"
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


def _cost(
    model: Any,
    state: Any,
    x: Any,
    active: Any,
    shape: tuple[int, int],
    weights: tuple[float, float],
    params: Any,
    key: Any,
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Computes the loss of some sets, in which the active latents alone differ for the decoder, and its parts."""
    mean, log_variance = model.encode(params, state, x)
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)

    def centre(each):
        found = jnp.mean(each.reshape(*shape, -1), axis=1, keepdims=True)
        return jax.lax.stop_gradient(jnp.broadcast_to(found, (*shape, each.shape[-1])).reshape(each.shape))

    seen = jnp.mean(model.seen(params, state, jnp.where(active, z, centre(mean)), x))
    kl = jnp.mean(jnp.sum(kl_of(mean, log_variance), axis=-1))
    # Its gradient is the difference from the mean, with which the paper replaces that of the reconstruction.
    apart = jnp.mean(jnp.sum(jnp.where(active, 0, jnp.square(mean - centre(mean))), axis=-1))
    beta, invariance = weights
    return beta * kl + 0.5 * invariance * apart - seen, {"reconstruction": -seen, "kl": kl, "variation": apart}
