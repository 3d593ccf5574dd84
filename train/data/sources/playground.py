"""The six point sets of the TensorFlow Playground (playground.tensorflow.org), drawn anew from its published formulas.

Noise means what it means there: it moves the points of gauss and spiral; in circle, xor, plane and multi_gauss it
moves the place that the target is read from, so that points near a border are mislabelled.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..dataset import Dataset, Place, Source, Split, Task
from ..options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES"]

_HILLS = ((-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1))  # x, y, sign


def _classes(name: str) -> Callable:
    def load(
        place: Place, *, noise: float = 0.0, examples: int = 500, train_share: float = 0.5, seed: int = 0
    ) -> Dataset:
        """Points (N, 2) float32 of two classes: 0 is the Playground's -1 (orange), 1 its +1 (blue).

        Args:
            place: not used, the points are drawn here.
            noise: in per cent, 0 to 50.
            examples: how many points, for training and testing together.
            train_share: the share of them to train on, 0.1 to 0.9.
            seed: draws other points.
        """
        parts = _draw(name, noise, examples, train_share, seed)
        train, test = (Split(part.x, (part.y > 0).astype("int32")) for part in parts)
        return Dataset(name, "binary", train, test, ("-1", "+1"), ("x", "y"))

    return load


def _values(name: str) -> Callable:
    def load(
        place: Place, *, noise: float = 0.0, examples: int = 1200, train_share: float = 0.5, seed: int = 0
    ) -> Dataset:
        """Points (N, 2) float32 with a value, float32 (N,), mostly from -1 to 1.

        Args:
            place: not used, the points are drawn here.
            noise: in per cent, 0 to 50.
            examples: how many points, for training and testing together.
            train_share: the share of them to train on, 0.1 to 0.9.
            seed: draws other points.
        """
        train, test = _draw(name, noise, examples, train_share, seed)
        return Dataset(name, "regression", train, test, features=("x", "y"), target="value")

    return load


def _draw(name: str, noise: float, examples: int, train_share: float, seed: int) -> tuple[Split, Split]:
    import numpy as np

    within("noise", noise, 0, 50)
    within("examples", examples, 10, 1_000_000)
    within("train_share", train_share, 0.1, 0.9)
    within("seed", seed, 0, 2**32 - 1)
    rng = np.random.default_rng(seed)
    points, target = _SETS[name](rng, examples, noise / 100)
    order = rng.permutation(examples)
    x, y = points[order].astype(np.float32), target[order].astype(np.float32)
    cut = int(examples * train_share)
    return Split(x[:cut], y[:cut]), Split(x[cut:], y[cut:])


def _circle(rng: "np.random.Generator", n: int, noise: float):
    import numpy as np

    inside = np.arange(n) < n // 2
    radius = np.where(inside, rng.uniform(0, 2.5, n), rng.uniform(3.5, 5, n))
    angle = rng.uniform(0, 2 * np.pi, n)
    points = np.stack([radius * np.sin(angle), radius * np.cos(angle)], -1)
    seen = points + rng.uniform(-5, 5, (n, 2)) * noise
    return points, np.where(np.hypot(*seen.T) < 2.5, 1, -1)


def _xor(rng: "np.random.Generator", n: int, noise: float):
    import numpy as np

    points = rng.uniform(-5, 5, (n, 2))
    points += np.where(points > 0, 0.3, -0.3)  # a gap between the quarters
    seen = points + rng.uniform(-5, 5, (n, 2)) * noise
    return points, np.where(seen[:, 0] * seen[:, 1] >= 0, 1, -1)


def _gauss(rng: "np.random.Generator", n: int, noise: float):
    import numpy as np

    variance = 0.5 + 7 * noise  # 0.5 at none, 4 at a half
    sign = np.where(np.arange(n) < n // 2, 1, -1)
    return 2 * sign[:, None] + rng.normal(size=(n, 2)) * np.sqrt(variance), sign


def _spiral(rng: "np.random.Generator", n: int, noise: float):
    import numpy as np

    return tuple(
        np.concatenate(both)
        for both in zip(_arm(rng, n // 2, 0, 1, noise), _arm(rng, n - n // 2, np.pi, -1, noise), strict=True)
    )


def _arm(rng: "np.random.Generator", n: int, start: float, sign: int, noise: float):
    import numpy as np

    along = np.arange(n) / n
    angle = 1.75 * along * 2 * np.pi + start
    points = 5 * along[:, None] * np.stack([np.sin(angle), np.cos(angle)], -1)
    return points + rng.uniform(-1, 1, (n, 2)) * noise, np.full(n, sign)


def _plane(rng: "np.random.Generator", n: int, noise: float):
    points = rng.uniform(-6, 6, (n, 2))
    seen = points + rng.uniform(-6, 6, (n, 2)) * noise
    return points, seen.sum(-1) / 10


def _multi_gauss(rng: "np.random.Generator", n: int, noise: float):
    """Hills and hollows, in truth cones: 1 at the top, 0 at a distance of 2; where they meet, the steepest counts."""
    import numpy as np

    points = rng.uniform(-6, 6, (n, 2))
    seen = points + rng.uniform(-6, 6, (n, 2)) * noise
    hills = np.array(_HILLS)
    distance = np.hypot(seen[:, None, 0] - hills[:, 0], seen[:, None, 1] - hills[:, 1])
    heights = hills[:, 2] * np.clip(1 - distance / 2, 0, 1)
    return points, heights[np.arange(n), np.abs(heights).argmax(-1)]


_SETS: dict[str, Callable] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "plane": _plane,
    "multi_gauss": _multi_gauss,
}


def _source(name: str, about: str, task: Task) -> Source:
    load = _classes(name) if task == "binary" else _values(name)
    return Source(name, f"{about} (TensorFlow Playground)", "points", task, (2,), 1, load)


SOURCES = (
    _source("circle", "a disc inside a ring", "binary"),
    _source("xor", "four quarters, those across from each other alike", "binary"),
    _source("gauss", "two clouds", "binary"),
    _source("spiral", "two arms wound around each other", "binary"),
    _source("plane", "a tilted plane", "regression"),
    _source("multi_gauss", "three hills and three hollows", "regression"),
)
