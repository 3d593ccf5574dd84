"""Bounds of numbers, stated beside the type of a field: `lr: Annotated[float, Bounds(above=0)]`."""

from math import isfinite
from typing import Any, NamedTuple, get_args

from ..errors import BadInput
from ..option_types import coerce, strip_optional

__all__ = ["Bounds", "check_field"]


class Bounds(NamedTuple):
    """The interval in which a number must lie; a side that is None is open.

    >>> Bounds(least=1).describe(int), Bounds(above=0, below=1).describe(float)
    ('a whole number of at least 1', 'a number above 0 and below 1')
    """

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    def contain(self, value: float) -> bool:
        """Returns True for a finite number within the bounds."""
        return (
            isfinite(value)
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def describe(self, kind: Any) -> str:
        """Returns the interval in words, for messages."""
        words = {"of at least": self.least, "above": self.above, "of at most": self.most, "below": self.below}
        sides = [f"{word} {bound:g}" for word, bound in words.items() if bound is not None]
        if self.least is not None and self.most is not None:
            sides = [f"from {self.least:,.10g} to {self.most:.10g}"]
        finite = "finite " if len(sides) < 2 and self.most is None and self.below is None else ""
        return " ".join(["a whole number" if kind is int else f"a {finite}number", " and ".join(sides)])

    def check(self, kind: Any, value: Any, name: str) -> None:
        """Raises BadInput if a value of a flag, or one of a list of them, lies outside; None is accepted."""
        for each in value if isinstance(value, tuple) else [] if value is None else [value]:
            if not self.contain(each):
                inner, optional = strip_optional(kind)
                inner = next(iter(get_args(inner)), inner)
                raise BadInput(f"{name} must be {self.describe(inner)}{' or none' * optional}, got {each!r}")


def check_field(annotation: Any, kind: Any, value: Any, name: str) -> Any:
    """Returns the value of a field as its type requires it, after a check of its bounds.

    Args:
        annotation: annotation of the field, with its `Bounds` (`get_type_hints(..., include_extras=True)`).
        kind: the same without them.
        value: value to check.
        name: flag to name in messages.

    Raises:
        BadInput: if the value has another type or lies outside the bounds.

    >>> from typing import Annotated
    >>> check_field(Annotated[float, Bounds(above=0)] | None, float | None, "none", "--clip-grad") is None
    True
    """
    value = coerce(kind, value, name)
    for part in (annotation, *get_args(annotation)):
        for each in getattr(part, "__metadata__", ()):
            if isinstance(each, Bounds):
                each.check(kind, value, name)
    return value
