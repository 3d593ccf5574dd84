"""Interval of a number: bounds of options, as annotations state them."""

import math
from typing import Any, NamedTuple

__all__ = ["Bounds"]


class Bounds(NamedTuple):
    """Holds the interval of a number; a bound that is not itself a valid value is open. NaN and infinity never fit.

    >>> 1 in Bounds(0, 1), 1 in Bounds(0, 1, open_high=True), str(Bounds(0, open_low=True))
    (True, False, 'above 0')
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: Any) -> bool:
        above = self.low < value if self.open_low else self.low <= value
        below = value < self.high if self.open_high else value <= self.high
        return above and below and math.isfinite(value)

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else f"above {self.low}" if self.open_low else f"at least {self.low}"
        high = "" if self.high == math.inf else f"below {self.high}" if self.open_high else f"at most {self.high}"
        if low and high and not self.open_low:
            return f"from {self.low} to {high.removeprefix('at most ')}"
        return " and ".join(part for part in (low, high) if part) or "that is finite"
