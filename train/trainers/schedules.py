"""Schedules: how the learning rate goes over a run. A schedule is a function of the number of updates made so far."""

from collections.abc import Callable

import optax

from ..config.recipe import Recipe

__all__ = ["SCHEDULES", "make_schedule"]


def make_schedule(recipe: Recipe, total_steps: int, steps_per_epoch: int) -> optax.Schedule:
    """The learning rate of a recipe, as a function of the count of optimizer updates.

    With `accumulate` several steps make one update; the conversion happens here. A warm-up goes linearly up to the
    rate (its first update is not lost to a rate of 0); the schedule's own clock starts where it ends.

    Args:
        recipe: gives sched, lr, warmup_epochs, step_epochs, decay, accumulate.
        total_steps: batches in the whole run.
        steps_per_epoch: batches in an epoch.

    >>> rate = make_schedule(Recipe("mlp", "iris", lr=0.1, sched="cosine"), total_steps=100, steps_per_epoch=10)
    >>> [round(float(rate(count)), 3) for count in (0, 50, 100)]
    [0.1, 0.05, 0.0]
    """
    total = max(1, total_steps // recipe.accumulate)
    epoch = steps_per_epoch / recipe.accumulate
    warm = min(round(recipe.warmup_epochs * epoch), total - 1)
    if recipe.sched == "onecycle":
        return _onecycle(recipe.lr, total, warm)
    main = SCHEDULES[recipe.sched](recipe, total - warm, max(1, round(recipe.step_epochs * epoch)))
    if not warm:
        return main
    rise = optax.linear_schedule(recipe.lr / (warm + 1), recipe.lr, warm)
    return optax.join_schedules([rise, main], [warm])


def _constant(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.constant_schedule(recipe.lr)


def _step(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.exponential_decay(recipe.lr, every, recipe.decay, staircase=True)


def _exponential(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.exponential_decay(recipe.lr, every, recipe.decay)


def _cosine(recipe: Recipe, total: int, every: int) -> optax.Schedule:
    return optax.cosine_decay_schedule(recipe.lr, total)


def _onecycle(peak: float, total: int, warm: int) -> optax.Schedule:
    """Up from a 25th of the rate for 30 % of the run (or the warm-up, if given), then down to nearly nothing."""
    up = warm or round(0.3 * total)
    down = optax.cosine_decay_schedule(peak, max(1, total - up), alpha=1e-4 / 25)
    if not up:  # a run of one update has no room to climb
        return down
    rise = optax.cosine_decay_schedule(peak / 25, up, alpha=25)
    return optax.join_schedules([rise, down], [up])


# By the recipe's name: (recipe, updates after the warm-up, updates between two decays) -> schedule. Plateau is
# constant here; the optimizer watches the loss and scales the updates.
SCHEDULES: dict[str, Callable[[Recipe, int, int], optax.Schedule]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "onecycle": lambda recipe, total, every: _onecycle(recipe.lr, total, 0),
    "plateau": _constant,
}
