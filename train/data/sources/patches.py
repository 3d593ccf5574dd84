"""Small patches of scikit-learn's two photographs, china.jpg and flower.jpg, in grey.

Test patches are from the right fifth of each photograph, so that no pixel is in a training patch and in a test patch.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import DataUnavailable
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "patches"]

_NAMES = ("china", "flower")
_DARK = 1.5e-4  # variance of a patch whose contrast is mostly noise (Coates, Ng & Lee 2011: 10 of 255 squared)
_FLAT = 0.1  # of the variance of grey values: whitening does not amplify directions with less


def patches(
    place: Place,
    *,
    size: Annotated[int, Bounds(2, 32)] = 12,
    count: Annotated[int, Bounds(10, 200_000)] = 20_000,
    whiten: bool = True,
    seed: Seed = 0,
) -> Dataset:
    """Loads patches of two photographs, float32 (N, size, size, 1), each with a mean of 0 and a contrast of 1.

    Source: Coates, Ng and Lee 2011, An analysis of single-layer networks in unsupervised feature learning, section 3.

    Args:
        place: not used; the files are installed with scikit-learn.
        size: side of a patch in pixels.
        count: number of training patches; a fifth as many are for testing.
        whiten: whether the pixels are made uncorrelated, as in the retina, by ZCA fitted to the training patches (Bell
            and Sejnowski 1997).
        seed: seed of the places of the patches.
    """
    import numpy as np

    rng, parts = np.random.default_rng(seed), ([], [])
    for name in _NAMES:
        photo = _photo(name)
        border = photo.shape[1] * 4 // 5
        for part, area, share in zip(parts, (photo[:, :border], photo[:, border:]), (1, 5), strict=True):
            part.append(_cut(area, size, count // share // 2, rng))
    y = [np.repeat(np.arange(2, dtype=np.int32), len(part[0])) for part in parts]
    train, test = (np.concatenate(part).reshape(-1, size * size) for part in parts)
    if whiten:
        train, test = _whitened(train, test)
    shape = (-1, size, size, 1)
    first, last = (
        Split(x.reshape(shape).astype(np.float32), labels) for x, labels in zip((train, test), y, strict=True)
    )
    return Dataset("patches", "binary", first, last, _NAMES)


def _cut(photo: "np.ndarray", size: int, count: int, rng: "np.random.Generator") -> "np.ndarray":
    """Returns patches at random places (count, size, size) of equal brightness and contrast, float64."""
    import numpy as np

    views = np.lib.stride_tricks.sliding_window_view(photo, (size, size))
    found = views[rng.integers(views.shape[0], size=count), rng.integers(views.shape[1], size=count)]
    found = found - found.mean(axis=(1, 2), keepdims=True)
    return found / np.sqrt(found.var(axis=(1, 2), keepdims=True) + _DARK)


def _whitened(train: "np.ndarray", test: "np.ndarray") -> tuple["np.ndarray", "np.ndarray"]:
    """Whitens patches (n, pixels) symmetrically, by the eigenvectors of the covariance of training patches."""
    import numpy as np

    mean = train.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(train.T, bias=True))
    scale = 1 / np.sqrt(np.maximum(values, 0) + _FLAT * values.mean())
    whitening = (vectors * scale) @ vectors.T
    return (train - mean) @ whitening, (test - mean) @ whitening


def _photo(name: str) -> "np.ndarray":
    """Returns a photograph in grey (height, width), float64 from 0 to 1."""
    from ..formats.image import read_picture

    found = find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise DataUnavailable("this data set is part of scikit-learn, which is not installed: pip install scikit-learn")
    path = Path(found.submodule_search_locations[0]) / "datasets" / "images" / f"{name}.jpg"
    if not path.is_file():
        raise DataUnavailable(f"{path} is missing, a file of scikit-learn: reinstall it")
    return read_picture(path, grey=True)[..., 0] / 255.0


SOURCES = (
    Source(
        "patches",
        "24,000 patches of two photographs, 12x12, whitened (scikit-learn)",
        "image",
        "binary",
        (12, 12, 1),
        1,
        patches,
    ),
)
