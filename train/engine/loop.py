"""The training loop of every model: runs steps, logs, evaluates, writes checkpoints and calls the callbacks."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import jax
import numpy as np

from ..callback import Callback, CallbackList
from ..errors import RunFailed
from ..runtime.processes import agree, gather
from ..runtime.signals import StopFlag
from .plan import Plan
from .stepper import LoopState, RunSteps, Stepper
from .steps import StepProgram

__all__ = ["Checkpointer", "Diverged", "Pace", "train", "train_row"]

_SECONDS_PER_CALL = 0.25  # between two looks at the clock, the signals and the loss


class Diverged(RunFailed):
    """The loss or the gradient is not finite."""


class Checkpointer(Protocol):
    """Interface of the checkpoint writer that the loop calls."""

    def due(self, now: LoopState, evaluates: bool) -> bool:
        """Returns whether to save now; called before the rows of the step. `evaluates`: the step is evaluated."""
        ...

    def save(self, now: LoopState) -> None:
        """Saves the state."""

    def last(self, now: LoopState) -> None:
        """Saves the state at the end of the run."""


def train(
    advance: StepProgram,
    plan: Plan,
    key: jax.Array,
    *,
    evaluate: Callable[[dict, int], Sequence[dict[str, Any]]],
    rate: Callable[[int], float],
    callbacks: Iterable[Callback] = (),
    stop: StopFlag | None = None,
    start: LoopState | None = None,
    saver: Checkpointer | None = None,
    run_steps: RunSteps | None = None,
) -> dict:
    """Trains from the first step, or from the state of a checkpoint, to the last.

    Args:
        advance: Program of the training steps.
        plan: Length and intervals of the run.
        key: Key of all random numbers of the run.
        evaluate: `(fit, step) -> rows` to log at an evaluation.
        rate: Learning rate at a step, for the log.
        callbacks: Callbacks; each may end the run.
        stop: Flag polled between calls; its signal ends the run after the steps under way.
        start: State to start from; its arrays are consumed.
        saver: Writer of checkpoints. A state is saved before its rows are logged, so that a resumed run logs them.
        run_steps: Runs steps in place of `advance`, as a profiler does.

    Returns:
        The trained fit.

    Raises:
        Diverged: If the loss or the gradient is not finite, with step, learning rate and gradient norm.
    """
    stop, hooks = stop or StopFlag(), CallbackList(callbacks)
    steps = Stepper(advance, key, start, run_steps)
    now = steps.now
    means, pace, ends, scored, began = None, Pace(), False, now.step, now.step
    while True:
        number, due = _agree(advance, plan, pace, now, stop, saver if now.step > began else None)
        if saver and due:
            saver.save(now)
        if number:
            stop.requested = number
            break
        if now.since < now.step and plan.logs(now.step):
            ends = hooks.on_metrics(means or train_row(now, plan, rate), gather(now.fit))
            if plan.evaluates(now.step):
                ends |= _evaluate(advance, evaluate, hooks, now, key)
                scored = now.step
            now.totals, now.since = None, now.step
        if ends or now.step >= plan.steps:
            break
        _move(steps, plan, pace)
        means = train_row(now, plan, rate)
        hooks.on_progress(now.step, means)
    if saver:
        saver.last(now)
    if scored < now.step:  # ended by a signal or a callback: the last state is scored and saved as well
        _evaluate(advance, evaluate, hooks, now, key)
    return now.fit


def _evaluate(advance: StepProgram, evaluate: Callable, hooks: CallbackList, now: LoopState, key: jax.Array) -> bool:
    """Logs the rows of an evaluation; True if a callback ends the run."""
    now.fit = advance.prepared(now.fit, key, now.step)
    ends = [hooks.on_metrics(row, gather(now.fit)) for row in evaluate(now.fit, now.step)]  # every row is logged
    return any(ends)


def _agree(
    advance: StepProgram, plan: Plan, pace: "Pace", now: LoopState, stop: StopFlag, saver: Checkpointer | None
) -> tuple[int, bool]:
    """Returns the signal to end with and whether to save, equal in all processes; sets the pace likewise."""
    due = saver is not None and now.step < plan.steps and saver.due(now, plan.evaluates(now.step))
    alone = advance.sharding.replicated.is_fully_addressable
    pace.steps, number, due = agree(pace.steps, stop.requested, due, alone=alone)
    return number, due


def _move(steps: Stepper, plan: Plan, pace: "Pace") -> None:
    """Runs as many steps as the pace allows, up to the next stop of the plan."""
    first = steps.now.step
    until = pace.until(first, plan.next_stop(first)[0])
    with pace.timing(until - first):
        steps(until)
        jax.block_until_ready(steps.now.totals)


def train_row(now: LoopState, plan: Plan, rate: Callable[[int], float]) -> dict:
    """Returns the row of means since the last row.

    Raises:
        Diverged: If one of them is not finite.
    """
    seen = jax.device_get(gather(now.totals))
    if seen["bad"] >= 0:
        raise _diverged(seen, plan, rate)
    place = {"split": "train", "step": now.step, "epoch": now.step / plan.steps_per_epoch}
    means = {name: float(total / (now.step - now.since)) for name, total in seen["sum"].items()}
    return place | means | {"lr": rate(now.step - 1)}


class Pace:
    """Number of steps per call: as many as take a quarter of a second.

    It changes no result, only how often the loop polls signals and shows its progress.
    """

    def __init__(self):
        self.steps, self._calls = 1, 0

    def until(self, step: int, stop: int) -> int:
        """Returns the last step of the next call: the steps up to the stop are divided into equal parts.

        >>> pace = Pace()
        >>> pace.steps = 100
        >>> pace.until(0, 117), pace.until(0, 320), pace.until(107, 320)
        (117, 107, 214)
        """
        parts = max(1, round((stop - step) / self.steps))
        return step + -(-(stop - step) // parts)

    def timing(self, steps: int):
        """Returns a context that times a call of this many steps; the first call compiles and is not counted."""
        self._taken = steps
        return self

    def __enter__(self):
        self._start = time.perf_counter()

    def __exit__(self, *error):
        seconds = (time.perf_counter() - self._start) / max(self._taken, 1)
        self._calls += 1
        if self._calls > 1:
            self.steps = int(np.clip(_SECONDS_PER_CALL / max(seconds, 1e-9), 1, max(2 * self.steps, 64)))


def _diverged(seen: dict, plan: Plan, rate: Callable[[int], float]) -> Diverged:
    step = int(seen["bad"])
    lr = rate(step)
    norm = float(seen["bad_norm"])
    return Diverged(
        f"the loss or its gradient is not finite at step {step + 1} of {plan.steps} "
        f"(epoch {step // plan.steps_per_epoch + 1}), learning rate {lr:g}"
        + ("" if np.isnan(norm) else f", gradient norm {norm:g}")
        + f". Try a lower rate (--lr {min(lr / 10, 0.1):g}), --clip-grad 1, or a warm-up (--warmup-epochs 1)"
    )
