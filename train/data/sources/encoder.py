"""The encoder problem of Boltzmann machines: two groups of units, of which the same one is on (Ackley et al. 1985)."""

from typing import Annotated

from ...option_types import Bounds
from ..dataset import Dataset, Place, Source, Split

__all__ = ["SOURCES", "encoder"]


def encoder(place: Place, *, units: Annotated[int, Bounds(2, 64)] = 4) -> Dataset:
    """Generates its patterns, uint8 (units, 2 units) of 0 and 1; the test examples are the patterns themselves.

    In pattern i, unit i of both groups is on and all others are off. Few hidden units between the groups have to find a
    code for it. No distribution gives the patterns a larger mean log-likelihood than -log(units), -1.386 of 4.

    Args:
        place: not used; the patterns are generated.
        units: units of a group, and number of patterns.
    """
    import numpy as np

    one = np.eye(units, dtype=np.uint8)
    split = Split(np.concatenate([one, one], axis=1), np.arange(units, dtype=np.int32))
    classes = tuple(f"unit {i + 1}" for i in range(units))
    features = tuple(f"{side} {i + 1}" for side in ("first", "second") for i in range(units))
    return Dataset("encoder", "multiclass", split, split, classes, features, outputs=units, held_out=False)


SOURCES = (
    Source("encoder", "4 patterns of two groups of 4 units, the encoder problem (Ackley et al. 1985)", "table",
           "multiclass", (8,), 4, encoder),
)  # fmt: skip
