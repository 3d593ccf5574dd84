"""Hebbian learning: patterns are stored in the weights of an associative memory, in one pass over the examples."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp

from zoo.layers import flatten

from ..errors import BadInput
from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from .scoring import scores

__all__ = ["hebb", "hebbian", "storkey"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all", "stores": True}


def hebbian(
    model: Any,
    task: Task,
    run: Run,
    *,
    rule: Literal["hebb", "storkey"] = "hebb",
    patterns: int | None = None,
    choose: Literal["apart", "first", "random"] = "apart",
) -> Trainer:
    """Makes the trainer that stores patterns in one step; a further step on the same patterns changes nothing.

    The modern form of a Hopfield network has no weights: it keeps the patterns themselves.

    Args:
        model: a `hopfield`.
        task: recall.
        run: not used.
        rule: hebb, the sum of outer products; storkey, which corrects each weight by the local fields of the patterns
            stored before (Storkey 1997), and can store more and similar patterns.
        patterns: number of examples to store (default: all).
        choose: which ones: apart, those with the least overlap; first; random.

    Raises:
        BadInput: if the model cannot recall patterns.
    """
    if not hasattr(model, "recall"):
        raise BadInput(f"the trainer {run.recipe.trainer} trains the model hopfield, not {run.recipe.model}")
    store, score = {"hebb": hebb, "storkey": storkey}[rule], scores(model, task)

    def init(key, batch):
        try:
            params, state = model.init(key, batch["x"])
        except ValueError as error:  # patterns whose weights are too many
            raise BadInput(str(error)) from error
        room, count = len(params["memory"]["patterns"]), len(batch["x"])
        if room != count:
            raise BadInput(
                f"--m.patterns {room}: {count} examples are stored; omit it, and choose their number by --t.patterns"
            )
        return {"params": params, "state": state}

    def step(fit, batch, key):
        x = flatten(task.target(batch))
        memory = {"patterns": x} | ({"w": store(x)} if "w" in fit["params"]["memory"] else {})
        params = fit["params"] | {"memory": memory}
        found = model.recall(params, fit["state"], task.target(batch))
        wrong = jnp.mean(flatten(found.pattern) * x <= 0, axis=1)
        return fit | {"params": params}, {"loss": jnp.mean(wrong), "stable": jnp.mean(wrong == 0)}

    def evaluate(fit, batch, key):
        count, entries = fit["params"]["memory"]["patterns"].shape
        total = jnp.sum(batch["weight"])
        return score(fit, batch, key) | {"load": (count / entries * total, total)}

    return Trainer(init, step, evaluate, task.finish, warnings=partial(_overfull, model, rule))


def _overfull(model: Any, rule: str, metrics: Mapping[str, float]) -> list[str]:
    """Returns a warning if more patterns are stored than the model can recall."""
    other = "--t.rule storkey or " * (rule == "hebb")
    most = 0 if model.capacity is None else model.capacity(1)
    if not most or metrics["load"] <= most:
        return []
    return [
        f"more patterns are stored than fit: {metrics['load']:.3g} per entry, beyond the capacity of {most:g} for "
        f"random patterns and Hebb's rule (Amit et al. 1985), so that most of them may be lost: store fewer "
        f"(--t.patterns), or use {other}--m.form modern"
    ]


def hebb(x: jax.Array) -> jax.Array:
    """Returns the weights by Hebb's rule, times the number of entries: the sum of outer products, diagonal 0.

    Args:
        x: patterns (patterns, entries) of +1 and -1.

    >>> hebb(jnp.array([[1.0, -1.0], [1.0, -1.0]])).tolist()
    [[0.0, -2.0], [-2.0, 0.0]]
    """
    with jax.default_matmul_precision("highest"):
        return x.T @ x * (1 - jnp.eye(x.shape[1]))


def storkey(x: jax.Array) -> jax.Array:
    """Returns the weights by the rule of Storkey 1997, times the number of entries; arguments as in `hebb`.

    A pattern x adds (x_i x_j - x_i h_ji - h_ij x_j) / N to w_ij, where h_ij = sum_k w_ik x_k without k = i and k = j.
    With the fields h = W x and a diagonal of 0, h_ij is h_i - w_ij x_j.

    >>> storkey(jnp.array([[1.0, -1.0], [1.0, -1.0]])).tolist()
    [[0.0, -2.0], [-2.0, 0.0]]
    """
    size = x.shape[1]

    def add(w, pattern):
        fields = w @ pattern
        across = jnp.outer(pattern, fields)
        new = jnp.outer(pattern, pattern) - (across + across.T - 2 * w) / size
        return w + new * (1 - jnp.eye(size)), None

    with jax.default_matmul_precision("highest"):
        return jax.lax.scan(add, jnp.zeros((size, size)), x)[0]
