"""Weights of examples: each multiplies the loss of its example, and counts it in every mean of a score.

A weight that is a whole number means what as many copies of the example would, a weight of 0 that it is not there.
"""

from typing import TYPE_CHECKING

from ..data.dataset import Split
from ..data.split import taken
from ..errors import BadInput

if TYPE_CHECKING:
    import numpy as np

__all__ = ["check_weights", "with_weights"]


def check_weights(weight: "np.ndarray", count: int, where: str) -> None:
    """Checks weights of examples.

    Args:
        weight: numbers.
        count: number of examples.
        where: name of the weights in messages.

    Raises:
        BadInput: if their number is another one, one of them is negative or not finite, or all are 0.

    >>> import numpy as np
    >>> check_weights(np.array([1.0, -1.0]), 2, "sample_weight")
    Traceback (most recent call last):
    zoo.train.errors.BadInput: sample_weight, row 1 (counted from 0), is -1: a weight is a number from 0 up
    """
    import numpy as np

    if weight.shape != (count,):
        raise BadInput(f"{where} has shape {weight.shape}: expected one weight for each example, ({count},)")
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if bad.size:
        raise BadInput(f"{where}, row {bad[0]} (counted from 0), is {weight[bad[0]]:g}: a weight is a number from 0 up")
    if not weight.any():
        raise BadInput(f"{where}: all {count:,} weights are zero; at least one example must count")


def with_weights(split: Split, weight: "np.ndarray") -> Split:
    """Returns a split with the weight of each example; those of weight 0 are left out."""
    return taken(split._replace(weight=weight.astype("float64")), weight > 0)
