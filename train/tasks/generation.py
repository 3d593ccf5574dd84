"""The task of making: no outputs are compared with answers; a judge scores what is made against what is real."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from zoo.layers import Players

from ..trainer import eval_params, named_key
from .sample_score import SampleScore
from .task import Task

__all__ = ["generation", "score"]


def generation(judge: SampleScore | None = None) -> Task:
    """The task of a generator.

    Every generator is scored by `spread`: the standard deviation of what it makes over that of the data, all numbers
    of a sample together. Near 1 it varies as the data do; near 0 it makes the same thing over and over (collapse).

    Args:
        judge: scores the rest and names the headline; None: spread is all, as it is for a model that is only loaded.

    >>> task = generation()
    >>> task.headline, task.predict("what was made")
    ('spread', 'what was made')
    """

    def finish(means):
        return _spread(means) | (judge.finish(means) if judge else {})

    return Task(
        name="generation",
        loss=_no_answers,
        metrics={},
        finish=finish,
        headline=judge.headline if judge else "spread",
        higher_is_better=judge.higher_is_better if judge else True,
        predict=lambda made: made,
        probabilities=None,
        judge=judge,
    )


def score(players: Players, task: Task) -> Callable:
    """Makes the `evaluate` of a trainer of players: the judge's sums over samples freshly made for the batch."""

    def evaluate(fit, batch, key):
        given = players.given(named_key(key, "given"), batch)
        made, _ = players.apply(*eval_params(fit), given)
        sums = _moments(made, batch)
        return sums | task.judge.score(made, given, batch) if task.judge else sums

    return evaluate


def _moments(made: jax.Array, batch: dict) -> dict:
    """Sums of each number of a sample and of its square, over the examples that count."""
    weight = batch["weight"]

    def total(x):
        return jnp.sum(jnp.where(weight[:, None] > 0, x.reshape(len(x), -1), 0), axis=0), jnp.sum(weight)

    each = {"_made": made, "_real": batch["x"]}
    return {f"{name}{power}": total(x**power) for name, x in each.items() for power in (1, 2)}


def _spread(means: dict) -> dict[str, float]:
    made, real = (jnp.sum(jnp.maximum(means[f"{n}2"] - means[f"{n}1"] ** 2, 0)) for n in ("_made", "_real"))
    return {"spread": float(jnp.sqrt(made / jnp.where(real > 0, real, 1)))}


def _no_answers(outputs, y):
    raise TypeError("a generation has no loss of answers: its trainer is adversarial")
