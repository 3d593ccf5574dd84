"""Interval between checkpoints: a number of steps, a time, or as often as it costs little."""

import re
from dataclasses import dataclass

from ..errors import BadInput

__all__ = ["CheckpointInterval", "interval"]

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_SHARE = 0.02  # of the time may be spent on checkpoints by default


@dataclass(frozen=True)
class CheckpointInterval:
    """Interval between checkpoints. At most one field is set; with none, at evaluations and at most 2 % of the time.

    Attributes:
        steps: training steps between two checkpoints.
        seconds: time between two checkpoints.
        off: no checkpoints.
    """

    steps: int | None = None
    seconds: float | None = None
    off: bool = False

    def due(self, step: int, evaluates: bool, waited: float, cost: float) -> bool:
        """Returns True if a checkpoint is due.

        Args:
            step: number of completed training steps.
            evaluates: whether the run is evaluated at this step.
            waited: seconds since the last checkpoint, or the start.
            cost: seconds that the last checkpoint took.

        >>> every_500, automatic = CheckpointInterval(steps=500), CheckpointInterval()
        >>> every_500.due(1000, False, 0.0, 0.0), automatic.due(7, True, waited=1.0, cost=0.5)
        (True, False)
        """
        if self.off:
            return False
        if self.steps is not None:
            return step % self.steps == 0
        if self.seconds is not None:
            return waited >= self.seconds
        return evaluates and cost <= _SHARE * waited


def interval(text: str | None) -> CheckpointInterval:
    """Parses the value of --ckpt-every: "500" steps, "30s", "5m", "2h", "off", None.

    Raises:
        BadInput: if it is none of these.

    >>> interval("5m")
    CheckpointInterval(steps=None, seconds=300.0, off=False)
    """
    if text is None or text == "off":
        return CheckpointInterval(off=text == "off")
    found = re.fullmatch(r"(\d{1,12}|\d{1,9}\.\d{1,9})([smh]?)", text)
    if found and found[2] and float(found[1]) > 0:
        return CheckpointInterval(seconds=float(found[1]) * _UNITS[found[2]])
    if found and found[1].isdigit() and int(found[1]) > 0:
        return CheckpointInterval(steps=int(found[1]))
    raise BadInput(f"--ckpt-every must be steps (500), a time (30s, 5m, 2h) or off, got {text!r}")
