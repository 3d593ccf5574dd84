"""How long a training step takes: looks at the clock a few times a second, never between."""

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TextIO

__all__ = ["Clock", "Steps", "Training", "Turns", "stepped"]

_BREATH = 0.25  # seconds between looks at the clock, as in the zoo's own loop


class Clock:
    """Told how many steps were done, it says how many to do next; 0 ends.

    The first step is kept apart, for it compiles, and the turn after it is not counted.

    Args:
        seconds: to measure, after the first step.
        began: when the process began.
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
        """Seconds, the median of the turns."""
        return statistics.median(seconds / steps for steps, seconds in self.turns[1:])


class Steps(Clock):
    """Ends after so many steps."""

    def __init__(self, steps: int, began: float):
        super().__init__(float("inf"), began)
        self.left = steps

    def __call__(self, steps: int, loss: float) -> int:
        """Gives what is left to do."""
        super().__call__(steps, loss)
        self.left -= steps
        return max(0, self.left)


class Turns(Clock):
    """Writes the milliseconds a step of every turn, and waits for a line before the next; the end of the lines ends."""

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
    """A model about to be trained.

    Attributes:
        parameters: numbers in it.
        go: trains until the clock says 0.
    """

    parameters: int
    go: Callable[[Clock], Any]


def stepped(step: Callable[..., Any], data: Iterable[tuple]) -> Callable[[Clock], None]:
    """The common loop: takes a batch, does a step that gives its loss; looks at the loss when the clock wants it."""

    def go(clock):
        stream, steps, loss = iter(data), 1, float("nan")
        while steps:
            for _ in range(steps):
                loss = step(*next(stream))
            steps = clock(steps, float(loss))

    return go
