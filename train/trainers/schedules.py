"""Learning rate schedules, as functions of the number of updates made so far."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ..config.recipe import Recipe
from ..trainer import Trainer

__all__ = ["SCHEDULES", "Rate", "make_schedule", "rate_of"]


class Rate(NamedTuple):
    """Computes the learning rate at a step, for the log.

    Attributes:
        program: `(numbers, updates) -> rate`, compiled, as every part of a schedule would be a program.
        numbers: the learning rate of the recipe if the program takes it as an argument.
        accumulate: steps per update.
    """

    program: Callable[[Mapping[str, float], int], Any]
    numbers: Mapping[str, float]
    accumulate: int

    def __call__(self, step: int) -> float:
        """Returns the rate, in the decimals that float32 has."""
        return float(str(np.asarray(self.program(self.numbers, step // self.accumulate))))


def rate_of(recipe: Recipe, total_steps: int, steps_per_epoch: int, trainer: Trainer) -> Rate:
    """Returns the learning rate of a recipe at each step.

    Args:
        recipe: gives the schedule.
        total_steps: training steps of the whole run.
        steps_per_epoch: training steps of an epoch.
        trainer: trainer of the run; it may have a rate of its own, and takes numbers of the recipe as arguments.
    """

    def rate(numbers, updates):
        if trainer.rate is not None:
            return trainer.rate(numbers, updates)
        return make_schedule(replace(recipe, **numbers), total_steps, steps_per_epoch)(updates)

    numbers = {name: value for name, value in trainer.numbers.items() if name == "lr"}
    return Rate(jax.jit(rate), numbers, recipe.accumulate)


def make_schedule(recipe: Recipe, total_steps: int, steps_per_epoch: int) -> optax.Schedule:
    """Makes the learning rate schedule of a recipe, a function of the number of optimizer updates.

    With `accumulate`, several steps make one update; epochs and steps are converted here. A warmup of n updates has the
    rates lr / (n + 1), 2 lr / (n + 1), ..., so that its first update is not lost; the schedule itself starts after it.

    Args:
        recipe: gives sched, lr, warmup_epochs, step_epochs, step_at, decay, accumulate.
        total_steps: training steps of the whole run.
        steps_per_epoch: training steps of an epoch.

    >>> rate = make_schedule(Recipe("mlp", "iris", lr=0.1, sched="cosine"), total_steps=100, steps_per_epoch=10)
    >>> [round(float(rate(count)), 3) for count in (0, 50, 100)]
    [0.1, 0.05, 0.0]
    """
    total = max(1, total_steps // recipe.accumulate)
    epoch = steps_per_epoch / recipe.accumulate
    warm = min(round(recipe.warmup_epochs * epoch), total - 1)
    if recipe.sched == "onecycle":
        return _onecycle(recipe.lr, total, warm)
    if recipe.sched == "step" and recipe.step_at:
        main = _steps(recipe, [round(at * epoch) - warm for at in recipe.step_at])
    else:
        main = SCHEDULES[recipe.sched](recipe, total - warm, max(1, round(recipe.step_epochs * epoch)))
    if not warm:
        return main
    rise = optax.linear_schedule(recipe.lr / (warm + 1), recipe.lr, warm)
    return optax.join_schedules([rise, main], [warm])


def _constant(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.constant_schedule(recipe.lr)


def _step(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.exponential_decay(recipe.lr, every, recipe.decay, staircase=True)


def _steps(recipe: Recipe, updates: Sequence[int]) -> optax.Schedule:
    """Multiplies the rate by `decay` at each of these updates, and before the first one by those that are past."""
    past = sum(at <= 0 for at in updates)
    later = Counter(at for at in updates if at > 0)
    scales = {at: recipe.decay**count for at, count in later.items()}
    return optax.piecewise_constant_schedule(recipe.lr * recipe.decay**past, scales)


def _exponential(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.exponential_decay(recipe.lr, every, recipe.decay)


def _cosine(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.cosine_decay_schedule(recipe.lr, total)


def _onecycle(peak: float, total: int, warm: int) -> optax.Schedule:
    """Rises from peak / 25 to the peak, then falls to peak / 250,000, both by a cosine (Smith 2018).

    The last update of the first 30 % (or of the warmup, if given) has the peak, the last of the run the least rate, as
    in PyTorch's OneCycleLR. In runs of up to three updates the first has the peak.
    """
    top, last = max((warm or 0.3 * total) - 1, 0), total - 1
    low, end = peak / 25, peak / 25 * 1e-4

    def rate(count):
        up, down = jnp.clip(count / max(top, 1e-9), 0, 1), jnp.clip((count - top) / max(last - top, 1), 0, 1)
        rise, fall = (1 + jnp.cos(jnp.pi * up)) / 2, (1 + jnp.cos(jnp.pi * down)) / 2
        return jnp.where(count < top, peak + (low - peak) * rise, end + (peak - end) * fall)

    return rate


# By the recipe's name: (recipe, updates after the warmup, updates between two decays) -> schedule. Plateau is
# constant here; the optimizer scales the updates by the loss.
SCHEDULES: dict[str, Callable[[Recipe, int, int], optax.Schedule]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "onecycle": lambda recipe, total, every: _onecycle(recipe.lr, total, 0),
    "plateau": _constant,
}
