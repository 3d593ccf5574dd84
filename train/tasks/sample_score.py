"""A judge scores what a generator makes: there is no right answer to compare with, only what is real."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["SampleScore"]


class SampleScore(NamedTuple):
    """How samples are scored against real data. Scores of batches add up, as a trainer's `evaluate` wants it.

    Attributes:
        score: `(made, given, batch) -> {name: (sum, weight)}`; `batch` has `x` (real, scaled as the model sees it),
            `y` and `weight` (1, or 0 for padding); sums may be arrays.
        finish: turns the means into what is reported, plain numbers by name.
        headline: the name that decides.
        higher_is_better: whether more of it is better.
        tell: what was reported, in words for someone who sees it for the first time: a line each.
    """

    score: Callable[..., dict]
    finish: Callable[[dict], dict]
    headline: str
    higher_is_better: bool
    tell: Callable[[Mapping[str, float]], Sequence[str]] = lambda metrics: ()
