"""The result that a recipe is expected to reach."""

import math
from dataclasses import dataclass

__all__ = ["Expect"]


@dataclass(frozen=True)
class Expect:
    """Result that a recipe is expected to reach, and the source of that figure.

    Attributes:
        metric: name of the metric.
        value: its least value.
        source: origin of the value.
        at_most: the value is the largest instead, as of an error.
        upper: largest value, where the result is to lie between `value` and this one.

    Raises:
        ValueError: if `upper` is below the value, or given beside `at_most`.

    >>> target = Expect("activation", 0.045, "10 % around 0.05", upper=0.055)
    >>> target.bound, target.reached(0.05), target.reached(0.0)
    ('0.045 to 0.055', True, False)
    """

    metric: str
    value: float
    source: str
    at_most: bool = False
    upper: float | None = None

    def __post_init__(self):
        if self.upper is not None and (self.at_most or not self.upper >= self.value):
            raise ValueError(
                f"expect of {self.metric}: upper {self.upper:g} must be at least the value {self.value:g}, and cannot "
                "be given with at_most, which makes the value itself the largest"
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """Returns the least and the largest value."""
        if self.at_most:
            return -math.inf, self.value
        return self.value, math.inf if self.upper is None else self.upper

    @property
    def bound(self) -> str:
        """Returns the bounds in words."""
        if self.upper is not None:
            return f"{self.value:g} to {self.upper:g}"
        return f"at {'most' if self.at_most else 'least'} {self.value:g}"

    def reached(self, value: float) -> bool:
        """Returns whether a value lies within the bounds; NaN does not."""
        least, most = self.bounds
        return least <= value <= most
