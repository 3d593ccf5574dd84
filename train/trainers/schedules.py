"""Learning rate schedules, as functions of the number of updates made so far."""

from collections.abc import Callable

import optax

from ..config.recipe import Recipe

__all__ = ["SCHEDULES", "make_schedule"]


def make_schedule(recipe: Recipe, total_steps: int, steps_per_epoch: int) -> optax.Schedule:
    """Makes the learning rate schedule of a recipe, a function of the number of optimizer updates.

    With `accumulate`, several steps make one update; epochs and steps are converted here. The warmup rises linearly to
    the learning rate, from above 0, so that its first update is not lost. The schedule itself starts after the warmup.

    Args:
        recipe: gives sched, lr, warmup_epochs, step_epochs, decay, accumulate.
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
    """Rises from peak / 25 over 30 % of the run (or the warmup, if given), then falls to nearly 0 (Smith 2018)."""
    up = warm or round(0.3 * total)
    down = optax.cosine_decay_schedule(peak, max(1, total - up), alpha=1e-4 / 25)
    if not up:  # a run of one update has no room to climb
        return down
    rise = optax.cosine_decay_schedule(peak / 25, up, alpha=25)
    return optax.join_schedules([rise, down], [up])


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
