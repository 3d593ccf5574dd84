"""The plan of a run: its length and the steps at which it logs, evaluates and writes checkpoints."""

import math
from dataclasses import dataclass

from ..config.recipe import Recipe

__all__ = ["Plan", "plan_for"]

EVALUATIONS = 50  # at most, so that a run of a thousand short epochs does not spend its time on them
_LOGS = 4  # rows between two evaluations


@dataclass(frozen=True)
class Plan:
    """Length of a run and the intervals at which it stops for other work, in steps.

    Nothing here depends on the clock, so that every run of a recipe logs and evaluates at the same steps.
    """

    steps: int
    steps_per_epoch: int
    evaluate_every: int
    log_every: int
    checkpoint_every: int | None = None

    def next_stop(self, step: int) -> tuple[int, bool, bool]:
        """Returns the next step at which the loop stops, and whether it logs and evaluates there.

        >>> Plan(steps=10, steps_per_epoch=5, evaluate_every=5, log_every=3).next_stop(3)
        (5, True, True)
        """
        intervals = (self.steps_per_epoch, self.log_every, self.evaluate_every, self.checkpoint_every)
        at = min(self.steps, *(step - step % every + every for every in intervals if every))
        return at, self.logs(at), self.evaluates(at)

    def logs(self, step: int) -> bool:
        """Returns whether a row is logged after this many steps."""
        return step % self.log_every == 0 or self.evaluates(step)

    def evaluates(self, step: int) -> bool:
        """Returns whether the model is scored after this many steps."""
        return step % self.evaluate_every == 0 or step == self.steps


def plan_for(recipe: Recipe, steps_per_epoch: int, log_every: int | None = None) -> Plan:
    """Returns the plan of a run.

    Args:
        recipe: gives the number of steps or epochs.
        steps_per_epoch: steps of one pass over the data.
        log_every: steps between two logged rows; None for a part of an epoch.
    """
    steps = recipe.steps or max(1, round(recipe.epochs * steps_per_epoch))
    evaluate_every = steps_per_epoch * math.ceil(math.ceil(steps / steps_per_epoch) / EVALUATIONS)
    return Plan(steps, steps_per_epoch, evaluate_every, log_every or max(1, evaluate_every // _LOGS))
