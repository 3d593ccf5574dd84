"""The loop: advances a fit to the end, logs, evaluates, listens. Every animal runs in this one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np

from ..callback import Callback
from ..errors import RunFailed
from ..runtime.processes import agree, gather
from ..runtime.signals import StopFlag
from ..trainer import named_key
from .steps import StepProgram

__all__ = ["Checkpointer", "Diverged", "LoopState", "Pace", "Plan", "train", "train_row"]

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
    checkpoint_every: int | None = None

    def pause(self, step: int) -> tuple[int, bool, bool]:
        """Where a run at `step` pauses next, and whether to log and to evaluate there."""
        often = (self.steps_per_epoch, self.log_every, self.evaluate_every, self.checkpoint_every)
        at = min(self.steps, *(step - step % every + every for every in often if every))
        return at, self.logs(at), self.evaluates(at)

    def logs(self, step: int) -> bool:
        """Whether a row is due after so many steps."""
        return step % self.log_every == 0 or self.evaluates(step)

    def evaluates(self, step: int) -> bool:
        """Whether the fit is scored after so many steps."""
        return step % self.evaluate_every == 0 or step == self.steps


@dataclass
class LoopState:
    """Where a run stands between two steps: all that decides how it goes on.

    Attributes:
        fit: what is trained.
        step: the steps done.
        totals: what happened since the last row; None if nothing did.
        since: the step of the last row.
    """

    fit: dict
    step: int = 0
    totals: dict | None = None
    since: int = 0


class Checkpointer(Protocol):
    """What writes checkpoints."""

    def due(self, now: LoopState, evaluates: bool) -> bool:
        """Asked at every moment, before its rows; whether the fit is scored there."""
        ...

    def save(self, now: LoopState) -> None:
        """Told of a moment that is due."""

    def last(self, now: LoopState) -> None:
        """Told of the moment that the run ends with."""


def train(
    advance: StepProgram,
    plan: Plan,
    key: jax.Array,
    *,
    evaluate: Callable[[dict, int], Sequence[dict[str, Any]]],
    rate: Callable[[int], float],
    callbacks: Sequence[Callback] = (),
    stop: StopFlag | None = None,
    start: LoopState | None = None,
    saver: Checkpointer | None = None,
) -> dict:
    """Trains from the first step, or from where an earlier life of the run stood, to the last and gives back the fit.

    Args:
        advance: the program that runs the steps.
        plan: the length, and the pauses.
        key: all randomness of the run.
        evaluate: `(fit, step) -> rows` to log at a pause.
        rate: the learning rate at a step, for the log.
        callbacks: told of every row; may end the run.
        stop: polled between calls; its signal ends the run after the steps under way.
        start: where to begin; its arrays are consumed.
        saver: writes checkpoints. A moment is kept before its rows are told, so that whatever comes between is
            done again.

    Raises:
        Diverged: when the loss or the gradient is not finite, naming step, rate and gradient norm.
    """
    stop = stop or StopFlag()
    now = start or LoopState(advance.init(key))
    order, means, pace, ends, scored, began = None, None, Pace(), False, now.step, now.step
    while True:
        number, due = _agree(advance, plan, pace, now, stop, saver if now.step > began else None)
        if saver and due:
            saver.save(now)
        if number:
            stop.requested = number
            break
        if now.since < now.step and plan.logs(now.step):
            ends = _tell(callbacks, means or train_row(now, plan, rate), now.fit)
            for row in evaluate(now.fit, now.step) if plan.evaluates(now.step) else ():
                ends |= _tell(callbacks, row, now.fit)
                scored = now.step
            now.totals, now.since = None, now.step
        if ends or now.step >= plan.steps:
            break
        if order is None or now.step % plan.steps_per_epoch == 0:
            order = advance.order(named_key(key, "order", now.step // plan.steps_per_epoch))
        _move(advance, plan, pace, now, order, key)
        means = train_row(now, plan, rate)
        for callback in callbacks:
            callback.moved(now.step, dict(means))  # theirs: the row is told next
    if saver:
        saver.last(now)
    if scored < now.step:  # ended by a signal or a callback: what was learned until now is scored and saved
        for row in evaluate(now.fit, now.step):
            _tell(callbacks, row, now.fit)
    return now.fit


def _agree(
    advance: StepProgram, plan: Plan, pace: "Pace", now: LoopState, stop: StopFlag, saver: Checkpointer | None
) -> tuple[int, bool]:
    """What clocks and signals decide, the same in all processes: the signal to end with, whether to write; the pace."""
    due = saver is not None and now.step < plan.steps and saver.due(now, plan.evaluates(now.step))
    alone = advance.placement.whole.is_fully_addressable
    pace.steps, number, due = agree(pace.steps, stop.requested, due, alone=alone)
    return number, due


def _move(advance: StepProgram, plan: Plan, pace: "Pace", now: LoopState, order: Any, key: jax.Array) -> None:
    """Takes as many steps as fit into a breath, up to the next pause at most."""
    totals = now.totals if now.totals is not None else advance.zero(now.fit, order, key)
    until = pace.until(now.step, plan.pause(now.step)[0])
    with pace.timing(until - now.step):
        now.fit, now.totals = advance(now.fit, totals, order, now.step, until, key)
        jax.block_until_ready(now.totals)
    now.step = until


def train_row(now: LoopState, plan: Plan, rate: Callable[[int], float]) -> dict:
    """The means since the last row.

    Raises:
        Diverged: if one of them is no finite number.
    """
    seen = jax.device_get(gather(now.totals))
    if seen["bad"] >= 0:
        raise _diverged(seen, plan, rate)
    means = {name: value / (now.step - now.since) for name, value in seen["sum"].items()}
    return _row("train", now.step, plan, means) | {"lr": rate(now.step - 1)}


class Pace:
    """How many steps to take before looking up: as many as fit into a breath.

    Changes no number, only how often the loop looks.
    """

    def __init__(self):
        self.steps, self._calls = 1, 0

    def until(self, step: int, pause: int) -> int:
        """Where to look next: the way to the pause is parted evenly, for a look after a few steps costs as much.

        >>> pace = Pace()
        >>> pace.steps = 100
        >>> pace.until(0, 117), pace.until(0, 320), pace.until(107, 320)
        (117, 107, 214)
        """
        parts = max(1, round((pause - step) / self.steps))
        return step + -(-(pause - step) // parts)

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
    ends, fit = False, gather(fit)
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
