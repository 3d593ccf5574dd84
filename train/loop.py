"""The loop: advances a fit to the end, logs, evaluates, listens. Every animal runs in this one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from .advance import Advance
from .callbacks import Callback
from .errors import RunFailed
from .signals import Stop
from .trainer import stream

__all__ = ["Diverged", "Plan", "train"]

_BREATH = 0.25  # seconds between looks at the clock, the signals and the loss


class Diverged(RunFailed):
    """The loss or the gradient is no finite number any more."""


@dataclass(frozen=True)
class Plan:
    """How long a run is and where it pauses, in steps.

    Nothing here depends on the clock, so that every run of a recipe logs and evaluates at the same steps.
    """

    steps: int
    steps_per_epoch: int
    evaluate_every: int
    log_every: int

    def pause(self, step: int) -> tuple[int, bool, bool]:
        """Where a run at `step` pauses next, and whether to log and to evaluate there."""
        epoch_end = step - step % self.steps_per_epoch + self.steps_per_epoch
        log = step - step % self.log_every + self.log_every
        evaluation = step - step % self.evaluate_every + self.evaluate_every
        at = min(epoch_end, log, evaluation, self.steps)
        evaluates = at in (evaluation, self.steps)
        return at, evaluates or at == log, evaluates


def train(
    advance: Advance,
    plan: Plan,
    key: jax.Array,
    *,
    evaluate: Callable[[dict, int], Sequence[dict[str, Any]]],
    rate: Callable[[int], float],
    callbacks: Sequence[Callback] = (),
    stop: Stop | None = None,
) -> dict:
    """Trains from the first step to the last and gives back the fit.

    Args:
        advance: the program that runs the steps.
        plan: the length, and the pauses.
        key: all randomness of the run.
        evaluate: `(fit, step) -> rows` to log at a pause.
        rate: the learning rate at a step, for the log.
        callbacks: told of every row; may end the run.
        stop: polled between calls; its signal ends the run after the steps under way.

    Raises:
        Diverged: when the loss or the gradient is not finite, naming step, rate and gradient norm.
    """
    stop = stop or Stop()
    fit, step, order, totals, since = advance.init(key), 0, None, None, 0
    pace, scored = Pace(), 0
    while step < plan.steps and not stop.requested:
        if step % plan.steps_per_epoch == 0 or order is None:
            order = advance.order(stream(key, "order", step // plan.steps_per_epoch))
        totals = totals if totals is not None else advance.zero(fit, order, key)
        pause, logs, evaluates = plan.pause(step)
        until = min(pause, step + pace.steps)
        with pace.timing(until - step):
            fit, totals = advance(fit, totals, order, step, until, key)
            seen = jax.device_get(totals)
        step = until
        if seen["bad"] >= 0:
            raise _diverged(seen, plan, rate)
        row = _row("train", step, plan, {name: value / (step - since) for name, value in seen["sum"].items()})
        row["lr"] = rate(step - 1)
        for callback in callbacks:
            callback.moved(step, row)
        if logs and step == pause:
            ends = _tell(callbacks, row, fit)
            for each in evaluate(fit, step) if evaluates else ():
                ends |= _tell(callbacks, each, fit)
                scored = step
            totals, since = None, step
            if ends:
                break
    if stop.requested and scored < step:  # so that what was learned until now is scored and saved
        for each in evaluate(fit, step):
            _tell(callbacks, each, fit)
    return fit


class Pace:
    """How many steps to take before looking up: as many as fit into a breath.

    Changes no number, only how often the loop looks.
    """

    def __init__(self):
        self.steps, self._calls = 1, 0

    def timing(self, steps: int):
        """A context that measures a call of so many steps; the first call is not counted, it compiles."""
        self._taken = steps
        return self

    def __enter__(self):
        self._start = time.perf_counter()

    def __exit__(self, *error):
        seconds = (time.perf_counter() - self._start) / max(self._taken, 1)
        self._calls += 1
        if self._calls > 1:
            self.steps = int(np.clip(_BREATH / max(seconds, 1e-9), 1, max(2 * self.steps, 64)))


def _row(split: str, step: int, plan: Plan, values: dict) -> dict:
    return {"split": split, "step": step, "epoch": step / plan.steps_per_epoch} | {
        name: float(value) for name, value in values.items()
    }


def _tell(callbacks: Sequence[Callback], row: dict, fit: dict) -> bool:
    """Everyone hears it, also after one who ends the run."""
    ends = False
    for callback in callbacks:
        ends |= bool(callback.row(row, fit))
    return ends


def _diverged(seen: dict, plan: Plan, rate: Callable[[int], float]) -> Diverged:
    step = int(seen["bad"])
    lr = rate(step)
    norm = float(seen["bad_norm"])
    return Diverged(
        f"the loss or its gradient is no finite number any more at step {step + 1} of {plan.steps} "
        f"(epoch {step // plan.steps_per_epoch + 1}), learning rate {lr:g}"
        + ("" if np.isnan(norm) else f", gradient norm {norm:g}")
        + f". Try a lower rate (--lr {min(lr / 10, 0.1):g}), --clip-grad 1, or a warm-up (--warmup-epochs 1)"
    )
