"""Random patterns of +1 and -1; the test examples are the training examples, which a memory shall recall."""

from zoo.train.data.dataset import Dataset, Place, Source, Split

__all__ = ["SOURCES"]


def patterns(place: Place, *, count: int = 8, seed: int = 0) -> Dataset:
    """Generates patterns of 10 x 10 pixels, float32 (count, 10, 10, 1), each a class of its own.

    Args:
        place: not used.
        count: number of patterns.
        seed: seed of the patterns.
    """
    import numpy as np

    x = np.random.default_rng(seed).choice(np.array([-1, 1], np.float32), (count, 10, 10, 1))
    split = Split(x, np.arange(count, dtype=np.int32))
    return Dataset("patterns", "multiclass", split, split, tuple(map(str, range(count))), outputs=count)


SOURCES = (Source("patterns", "random patterns", "image", "multiclass", (10, 10, 1), 0, patterns),)
