"""Measures the duration of training steps with a few readings of the clock per second."""

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TextIO

__all__ = ["Clock", "Steps", "Training", "Turns", "stepped"]

_BREATH = 0.25  # seconds between looks at the clock, as in the zoo's own loop


class Clock:
    """Returns after each turn how many steps to run next; 0 ends the measurement.

    The first step is stored separately, because it compiles, and the turn after it is not counted.

    Args:
        seconds: duration of the measurement after the first step.
        began: start time of the process.
    """

    def __init__(self, seconds: float, began: float):
        self.seconds, self.began = seconds, began
        self.first: float | None = None  # seconds until the first step was done
        self.loss = float("nan")  # of the first step
        self.last = float("nan")
        self.turns: list[tuple[int, float]] = []  # steps and seconds
        self._since = self._warm = 0.0

    def __call__(self, steps: int, loss: float) -> int:
        """Takes the time; `loss` has been fetched, so that the steps are over."""
        now = time.perf_counter()
        self.last = loss
        if self.first is None:
            self.first, self.loss, self._warm = now - self.began, loss, now
        else:
            self.turns.append((steps, now - self._since))
        self._since = now
        if now - self._warm > self.seconds and len(self.turns) > 2:
            return 0
        if not self.turns:
            return 1
        steps, seconds = self.turns[-1]
        return max(1, min(int(_BREATH * steps / seconds), 8 * steps))

    @property
    def per_step(self) -> float:
        """Returns the median of seconds per step over the turns."""
        return statistics.median(seconds / steps for steps, seconds in self.turns[1:])


class Steps(Clock):
    """Ends after a number of steps."""

    def __init__(self, steps: int, began: float):
        super().__init__(float("inf"), began)
        self.left = steps

    def __call__(self, steps: int, loss: float) -> int:
        """Gives what is left to do."""
        super().__call__(steps, loss)
        self.left -= steps
        return max(0, self.left)


class Turns(Clock):
    """Writes the milliseconds per step of each turn and reads a line before the next one; end of input ends it."""

    def __init__(self, began: float, told: TextIO, lines: TextIO):
        super().__init__(float("inf"), began)
        self.told, self.lines = told, lines

    def __call__(self, steps: int, loss: float) -> int:
        """Gives what to do in the next turn, once it has come."""
        more = super().__call__(steps, loss)
        done, seconds = self.turns[-1] if self.turns else (1, float("nan"))  # of the first step nothing is said
        print(1000 * seconds / done, file=self.told, flush=True)
        more = more if self.lines.readline() else 0
        self._since = time.perf_counter()
        return more


class Training(NamedTuple):
    """Model that is ready to be trained.

    Attributes:
        parameters: number of parameters.
        go: trains until the clock returns 0.
    """

    parameters: int
    go: Callable[[Clock], Any]


def stepped(step: Callable[..., Any], data: Iterable[tuple]) -> Callable[[Clock], None]:
    """Runs the common loop: takes a batch, runs a step that returns its loss, and fetches the loss for the clock."""

    def go(clock):
        stream, steps, loss = iter(data), 1, float("nan")
        while steps:
            for _ in range(steps):
                loss = step(*next(stream))
            steps = clock(steps, float(loss))

    return go
