"""Mixtures of Gaussians in the plane, by which generators are tried: do they find every mode, and hit it?

`ring` is that of Metz et al. 2017 (Unrolled generative adversarial networks, appendix A): 8 modes on a circle of
radius 2, standard deviation 0.02. `grid` is that of Srivastava et al. 2017 (VEEGAN): 25 modes; there they are 2 apart
with a standard deviation of 0.0025, here, as Gulrajani et al. 2017 draw it, of 0.05.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..dataset import Dataset, Place, Source, Split
from ..options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES"]


def _mixture(name: str, modes: Callable[[], "np.ndarray"], deviation: float) -> Callable:
    def load(
        place: Place, *, std: float = deviation, examples: int = 10000, train_share: float = 0.8, seed: int = 0
    ) -> Dataset:
        """Points (N, 2) float32 and the mode that each was drawn from, int32 (N,); as many of every mode.

        Args:
            place: not used, the points are drawn here.
            std: standard deviation of each mode, 0.001 to 1.
            examples: how many points, for training and testing together.
            train_share: the share of them to train on, 0.1 to 0.9.
            seed: draws other points.
        """
        import numpy as np

        within("std", std, 0.001, 1)
        within("examples", examples, 100, 1_000_000)
        within("train_share", train_share, 0.1, 0.9)
        within("seed", seed, 0, 2**32 - 1)
        rng, centres = np.random.default_rng(seed), modes()
        y = rng.permutation(np.arange(examples) % len(centres)).astype(np.int32)
        x = (centres[y] + std * rng.normal(size=(examples, 2))).astype(np.float32)
        cut, classes = int(examples * train_share), tuple(map(str, range(len(centres))))
        return Dataset(name, "multiclass", Split(x[:cut], y[:cut]), Split(x[cut:], y[cut:]), classes, ("x", "y"))

    return load


def _ring() -> "np.ndarray":
    import numpy as np

    angle = 2 * np.pi * np.arange(8) / 8
    return 2 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _grid() -> "np.ndarray":
    import numpy as np

    side = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


SOURCES = (
    Source(
        "ring",
        "8 Gaussians on a circle, of standard deviation 0.02 (Metz et al. 2017)",
        "points",
        "multiclass",
        (2,),
        8,
        _mixture("ring", _ring, 0.02),
    ),
    Source(
        "grid",
        "25 Gaussians, 5 by 5, of standard deviation 0.05 (Srivastava et al. 2017)",
        "points",
        "multiclass",
        (2,),
        25,
        _mixture("grid", _grid, 0.05),
    ),
)
