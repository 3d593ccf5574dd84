"""Boltzmann learning: weights follow the difference of two correlations, with visible units clamped and free."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp

from zoo.layers import flatten

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from . import Run
from ._machine_figures import draw_code, draw_marginals
from .schedules import make_schedule
from .scoring import scores

__all__ = ["boltzmann_learning", "own_codes"]

TRAITS = {
    "gradient": False,
    "reads": ("lr", "weight_decay", "sched", "warmup_epochs", "step_epochs", "decay"),
    "binary": True,
    "idle": {
        "t.chains": ("t.phases", "exact"),
        "t.sweeps": ("t.phases", "exact"),
        "t.collect": ("t.phases", "exact"),
        "t.temperature": ("t.phases", "exact"),
    },
}


def boltzmann_learning(
    model: Any,
    task: Task,
    run: Run,
    *,
    phases: Literal["sampled", "exact"] = "sampled",
    chains: Annotated[int, Bounds(1)] = 100,
    sweeps: Annotated[int, Bounds(1)] = 10,
    collect: Annotated[int, Bounds(1)] = 5,
    temperature: Annotated[float, Bounds(1)] = 4.0,
    balance: Annotated[float, Bounds(0)] = 0.0,
) -> Trainer:
    """Makes the trainer that adds rate * (<s_i s_j> clamped - <s_i s_j> free) to each weight, and likewise to biases.

    This difference is the gradient of the log-likelihood (Ackley et al. 1985). In both phases the machine is annealed
    to temperature 1 before its states enter the means. The chains of the free phase are kept from step to step.

    Args:
        model: a `boltzmann`.
        task: density.
        run: gives the learning rate, its schedule, the weight decay and the number of steps.
        phases: sampled, by simulated annealing; exact, by enumeration of all states, for small machines.
        chains: number of chains of the free phase; the examples of a batch share as many in the clamped phase.
        sweeps: sweeps in which the temperature falls.
        collect: sweeps at temperature 1 that enter the means.
        temperature: temperature at the start of an annealing.
        balance: weight of a term beside the gradient that draws the hidden units, over the examples, to independent
            coins: means of 1/2, of products 1/4, so that all of their states are used.

    Raises:
        BadInput: if the model is no Boltzmann machine.
    """
    if not hasattr(model, "anneal"):
        raise BadInput(f"the trainer {run.recipe.trainer} trains the model boltzmann, not {run.recipe.model}")
    rate, measured = make_schedule(run.recipe, run.steps, run.steps_per_epoch), scores(model, task)
    two = _exact(model) if phases == "exact" else _sampled(model, chains, sweeps, collect, temperature)

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        s = jax.random.bernoulli(named_key(key, "chains"), 0.5, (chains, len(params["machine"]["b"])))
        begun = {"chains": s.astype(jnp.float32), "step": jnp.zeros((), jnp.int32)}
        return {"params": params, "state": state} | begun

    def learn(fit, batch, key):
        params, now = fit["params"], rate(fit["step"])
        with jax.default_matmul_precision("highest"):
            given, free, s = two(params, flatten(batch["x"]), fit["chains"], key)
        b, w = jax.tree.map(jnp.subtract, given, free)
        if balance:
            b, w = _balanced(b, w, given, model.visible, balance)
        change = {"w": (w + w.T) / 2 * model.connected, "b": b}  # rounding must not make the weights asymmetric
        moved = change | {"w": change["w"] - run.recipe.weight_decay * params["machine"]["w"]}
        machine = jax.tree.map(lambda old, each: old + now * each, params["machine"], moved)
        kept = {"params": {"machine": machine}, "chains": s, "step": fit["step"] + 1}
        return fit | kept, {"loss": jnp.mean(jnp.abs(change["w"])) + jnp.mean(jnp.abs(b))}

    def evaluate(fit, batch, key):
        alone = own_codes(model.codes(fit["params"], flatten(batch["x"])), flatten(batch["x"]), batch["weight"])
        return measured(fit, batch, key) | {"own_code": (jnp.sum(alone), jnp.sum(batch["weight"]))}

    return Trainer(init, learn, evaluate, task.finish, figures=(draw_code, draw_marginals))


def _balanced(b: jax.Array, w: jax.Array, given: Any, visible: int, weight: float) -> tuple[jax.Array, jax.Array]:
    """Adds the term that draws the means of hidden units with clamped patterns to 1/2, and those of products to 1/4."""
    mean, pairs = given
    b = b.at[visible:].add(weight * (0.5 - mean[visible:]))
    return b, w.at[visible:, visible:].add(weight * (0.25 - pairs[visible:, visible:]))


def _exact(model: Any) -> Callable:
    """Returns the function from patterns to the exact means of both phases; the chains stay as they are."""
    return lambda params, v, s, key: (model.statistics(params, v), model.statistics(params), s)


def _sampled(model: Any, chains: int, sweeps: int, collect: int, temperature: float) -> Callable:
    """Returns the function from patterns and chains to the sampled means of both phases, and the chains."""
    falling = jnp.geomspace(temperature, 1.0, sweeps)

    def means(params, s, key, clamped):
        s = model.anneal(params, s, named_key(key, "anneal"), falling, clamped)

        def visit(s, i):
            s = model.anneal(params, s, named_key(key, "collect", i), jnp.ones(1), clamped)
            return s, (jnp.mean(s, axis=0), s.T @ s / len(s))

        s, found = jax.lax.scan(visit, s, jnp.arange(collect))
        return jax.tree.map(lambda each: jnp.mean(each, axis=0), found), s

    def two(params, v, s, key):
        rows = jnp.tile(v, (-(-chains // len(v)), 1))
        h = jax.random.bernoulli(named_key(key, "hidden"), 0.5, (len(rows), model.hidden)).astype(rows.dtype)
        given, _ = means(params, jnp.concatenate([rows, h], axis=1), named_key(key, "clamped"), model.visible)
        return given, *means(params, s, named_key(key, "free"), 0)

    return two


def own_codes(codes: jax.Array, v: jax.Array, weight: jax.Array) -> jax.Array:
    """Returns 1 for each pattern whose most probable code is that of no other pattern, else 0 (batch,).

    Args:
        codes: probabilities of the codes (batch, codes).
        v: patterns (batch, visible).
        weight: 0 for patterns that do not count (batch,).
    """
    best = jnp.argmax(codes, axis=1)
    there = weight > 0
    other = jnp.any(v[:, None] != v, axis=-1) & (best[:, None] == best) & there
    return (there & ~jnp.any(other, axis=1)).astype(jnp.float32)
