"""Mixtures of Gaussians in the plane, which test whether a generator covers every mode.

`ring` is from Metz et al. 2017 (Unrolled generative adversarial networks, appendix A): 8 modes on a circle of
radius 2, standard deviation 0.02. `grid` is from Srivastava et al. 2017 (VEEGAN): 25 modes at a distance of 2; their
standard deviation is 0.0025 there and, as in Gulrajani et al. 2017, 0.05 here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES"]


def _mixture(name: str, modes: Callable[[], "np.ndarray"], deviation: float) -> Callable:
    def load(
        place: Place,
        *,
        std: Annotated[float, Bounds(0.001, 1)] = deviation,
        examples: Annotated[int, Bounds(100, 1_000_000)] = 10000,
        train_share: Annotated[float, Bounds(0.1, 0.9)] = 0.8,
        seed: Seed = 0,
    ) -> Dataset:
        """Generates points (N, 2) float32 with the mode of each, int32 (N,), as many of every mode.

        Args:
            place: not used; the points are generated.
            std: standard deviation of each mode, 0.001 to 1.
            examples: number of points, training and test together.
            train_share: fraction of the points for training, 0.1 to 0.9.
            seed: seed of the points.
        """
        import numpy as np

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
        "8 Gaussians on a circle, standard deviation 0.02 (Metz et al. 2017)",
        "points",
        "multiclass",
        (2,),
        8,
        _mixture("ring", _ring, 0.02),
    ),
    Source(
        "grid",
        "25 Gaussians on a 5x5 grid, standard deviation 0.05 (Srivastava et al. 2017)",
        "points",
        "multiclass",
        (2,),
        25,
        _mixture("grid", _grid, 0.05),
    ),
)
