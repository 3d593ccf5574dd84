"""Three round groups of points in four dimensions."""

from zoo.train.data.dataset import Dataset, Source, Split


def _load(place, *, noise: float = 0.1) -> Dataset:
    """Draws the examples.

    Args:
        noise: standard deviation of each group.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    centres = np.array([[0, 0, 0, 0], [2, 2, 0, 0], [0, 0, 2, 2]], np.float32)
    labels = np.arange(240) % 3
    x = (centres[labels] + noise * rng.normal(size=(240, 4))).astype(np.float32)
    y = labels.astype(np.int32)
    names = ("a", "b", "c", "d")
    return Dataset("blobs", "multiclass", Split(x[:200], y[:200]), Split(x[200:], y[200:]), ("0", "1", "2"), names)


SOURCES = (Source("blobs", "three groups of 80 points in 4 dimensions", "table", "multiclass", (4,), 3, _load),)
