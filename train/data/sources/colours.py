"""Random colours, the usual example of a self-organising map (Kohonen 2001): equally distributed over the RGB cube."""

from typing import Annotated

from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split

__all__ = ["SOURCES", "colours"]

_NAMES = ("black", "blue", "green", "cyan", "red", "magenta", "yellow", "white")  # red 4 + green 2 + blue 1


def colours(
    place: Place,
    *,
    examples: Annotated[int, Bounds(100, 1_000_000)] = 2000,
    train_share: Annotated[float, Bounds(0.1, 0.9)] = 0.8,
    seed: Seed = 0,
) -> Dataset:
    """Generates colours (N, 3) uint8; the class of a colour is the nearest corner of the cube.

    Args:
        place: not used; the colours are generated.
        examples: number of colours, training and test together.
        train_share: fraction of the colours for training, 0.1 to 0.9.
        seed: seed of the colours.
    """
    import numpy as np

    x = np.random.default_rng(seed).integers(0, 256, (examples, 3), dtype=np.uint8)
    y = (x >= 128).astype(np.int32) @ np.array([4, 2, 1], np.int32)
    cut = int(examples * train_share)
    parts = Split(x[:cut], y[:cut]), Split(x[cut:], y[cut:])
    return Dataset("colours", "multiclass", *parts, _NAMES, ("red", "green", "blue"))


SOURCES = (
    Source("colours", "2,000 random colours, named by the nearest of eight", "table", "multiclass", (3,), 8, colours),
)
