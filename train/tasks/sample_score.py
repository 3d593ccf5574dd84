"""Scores of generated samples: they are compared with real examples, since there is no target."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["SampleScore"]


class SampleScore(NamedTuple):
    """Comparison of generated samples with real examples. Sums over batches add up, as in `Trainer.evaluate`.

    Attributes:
        score: `(samples, given, batch) -> {name: (sum, weight)}`; `batch` has `x` (real examples in the scale of the
            model), `y` and `weight` (1, or 0 for padding); sums may be arrays.
        finish: computes the reported scores, plain numbers by name, from the means.
        headline: name of the score by which models are compared.
        higher_is_better: direction of the headline.
        explain: `scores -> lines` that explain them to a reader who meets them for the first time.
    """

    score: Callable[..., dict]
    finish: Callable[[dict], dict]
    headline: str
    higher_is_better: bool
    explain: Callable[[Mapping[str, float]], Sequence[str]] = lambda metrics: ()
