"""Bars and stripes (MacKay 2003): small black and white images whose rows, or columns, are each of one colour."""

from typing import Annotated

from ...option_types import Bounds
from ..dataset import Dataset, Place, Source, Split

__all__ = ["SOURCES", "bars_and_stripes"]

_NAMES = ("bars", "stripes", "uniform")


def bars_and_stripes(
    place: Place, *, side: Annotated[int, Bounds(2, 10)] = 4, copies: Annotated[int, Bounds(1, 1000)] = 20
) -> Dataset:
    """Generates all patterns, uint8 (N, side, side, 1) of 0 and 1; the test examples are the patterns themselves.

    There are 2^(side + 1) - 2 of them, 14 of 3 x 3 and 30 of 4 x 4, equally frequent: no distribution gives them a
    larger mean log-likelihood than -log of their number, -2.64 and -3.40.

    Args:
        place: not used; the patterns are generated.
        side: rows and columns of a pattern.
        copies: how often each pattern is among the training examples.
    """
    import numpy as np

    lines = (np.arange(1 << side)[:, None] >> np.arange(side)) & 1
    bars = np.tile(lines[:, None, :], (1, side, 1))
    x = np.concatenate([bars, bars[1:-1].transpose(0, 2, 1)])[..., None].astype(np.uint8)
    y = np.where(np.arange(len(x)) < len(bars), 0, 1).astype(np.int32)
    y[[0, len(bars) - 1]] = 2
    parts = Split(np.tile(x, (copies, 1, 1, 1)), np.tile(y, copies)), Split(x, y)
    return Dataset("bars_and_stripes", "multiclass", *parts, _NAMES, held_out=False)


SOURCES = (
    Source(
        "bars_and_stripes", "30 patterns of bars or stripes, 4x4 (MacKay 2003)", "image", "multiclass", (4, 4, 1), 3,
        bars_and_stripes,
    ),
)  # fmt: skip
