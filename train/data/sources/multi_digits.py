"""Images of two overlapping digits, each with the two classes in it, from the bundled digits.

In the manner of MultiMNIST: Sabour, Frosst & Hinton 2017, Dynamic routing between capsules, section 6.
"""

from typing import Annotated

from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from .bundled import digits

__all__ = ["SOURCES", "multi_digits"]

_TEST = 1000


def multi_digits(
    place: Place,
    *,
    shift: Annotated[int, Bounds(0, 8)] = 4,
    examples: Annotated[int, Bounds(10, 1_000_000)] = 20_000,
    seed: Seed = 0,
) -> Dataset:
    """Generates images of two digits of different classes, uint8 (N, 8 + shift, 8 + shift, 1) from 0 to 16.

    Each lies at a random place, and a pixel is the brighter of both. Targets are 1 for the two classes, int32 (N, 10).
    Test images are made of the digits of the held-out fifth alone.

    Args:
        place: not used; the digits are installed with scikit-learn.
        shift: largest distance in pixels between the two digits, down and to the right.
        examples: number of training images; the test split has 1,000.
        seed: seed of pairs and places.
    """
    import numpy as np

    base, rng = digits(place), np.random.default_rng(seed)

    def pairs(split, count):
        first, second = rng.integers(0, len(split.x), (2, count))
        same = split.y[first] == split.y[second]
        while same.any():
            second[same] = rng.integers(0, len(split.x), same.sum())
            same = split.y[first] == split.y[second]
        x = np.zeros((count, 8 + shift, 8 + shift, 1), np.uint8)
        y = np.zeros((count, 10), np.int32)
        rows = np.arange(count)
        for chosen in (first, second):
            high, left = rng.integers(0, shift + 1, (2, count, 1, 1))
            at = rows[:, None, None], high + np.arange(8)[:, None], left + np.arange(8)
            x[at] = np.maximum(x[at], split.x[chosen])
            y[rows, split.y[chosen]] = 1
        return Split(x, y)

    train, test = pairs(base.train, examples), pairs(base.test, _TEST)
    return Dataset("multi_digits", "multilabel", train, test, base.classes)


SOURCES = (
    Source("multi_digits", "two overlapping digits of the bundled set in each image, 12x12", "image", "multilabel",
           (12, 12, 1), 10, multi_digits),
)  # fmt: skip
