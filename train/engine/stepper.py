"""Runs the steps of a run as many at a time as the caller asks for: what the training loop stands on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from ..trainer import named_key
from .steps import StepProgram

__all__ = ["LoopState", "RunSteps", "Stepper"]

RunSteps = Callable[[dict, dict, Any, int, int, jax.Array], tuple[dict, dict]]
"""`StepProgram.__call__`, or what wraps it: (fit, totals, order, first, last, key) -> (fit, totals)."""


@dataclass
class LoopState:
    """State of the training loop between two steps: all that determines how it continues.

    Attributes:
        fit: Parameters, optimizer state and whatever else the trainer updates.
        step: Steps done.
        totals: Sums since the last row; None if no step was done since.
        since: Step of the last row.
    """

    fit: dict
    step: int = 0
    totals: dict | None = None
    since: int = 0


class Stepper:
    """Runs the steps of a run, from its first step or from a given state; between two calls the state is `now`.

    The caller decides where to stop: steps and random numbers do not depend on it.

    Args:
        advance: Program of the training steps.
        key: Key of all random numbers of the run.
        start: State to start from; its arrays are consumed. None: the first state of the trainer.
        run_steps: Runs steps in place of `advance`, as a profiler does.
    """

    def __init__(
        self, advance: StepProgram, key: jax.Array, start: LoopState | None = None, run_steps: RunSteps | None = None
    ):
        self.advance, self.key = advance, key
        self.now = start or LoopState(advance.init(key))
        self._run, self._order = run_steps, None

    def __call__(self, until: int) -> None:
        """Runs the steps up to `until`, a call of the compiled program for each part of an epoch."""
        every = self.advance.feed.steps_per_epoch
        while self.now.step < until:
            now, (epoch, done) = self.now, divmod(self.now.step, every)
            if self._order is None or not done:
                self._order = self.advance.order(named_key(self.key, "order", epoch))
            totals = now.totals if now.totals is not None else self.advance.zero(now.fit, self._order, self.key)
            last, run = min(until, (epoch + 1) * every), self._run or self.advance
            now.fit, now.totals = run(now.fit, totals, self._order, now.step, last, self.key)
            now.step = last

    def change(self, advance: StepProgram) -> None:
        """Goes on with another program of the same shapes: other numbers, or other examples of the same number."""
        if advance.trainer.numbers:
            self.now.fit = self.now.fit | {"numbers": advance.numbers()}
        self.advance, self._order = advance, None if advance is not self.advance else self._order
