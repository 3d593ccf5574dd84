"""SVHN, the Street View House Numbers: digits of house numbers, cropped to 32 x 32 pixels in colour.

Netzer, Wang, Coates, Bissacco, Wu and Ng, "Reading digits in natural images with unsupervised feature learning", 2011.
Only the training and the test set are read, without the 531,131 easier extra digits. For non-commercial use.
"""

from typing import Annotated

from ...errors import DataUnavailable
from ...option_types import Bounds
from ..dataset import Dataset, Place, Source, Split

__all__ = ["SOURCES", "svhn"]

_SHAPE = (32, 32, 3)
_MIRRORS = ("https://ufldl.stanford.edu/housenumbers",)
# Digests as published both by tensorflow/datasets (tensorflow_datasets/url_checksums/svhn_cropped.txt) and by
# pytorch/vision (torchvision/prototype/datasets/_builtin/svhn.py).
_FILES = {
    "train_32x32.mat": ("435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8", 73_257),
    "test_32x32.mat": ("cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b", 26_032),
}


def svhn(place: Place, *, train_examples: Annotated[int, Bounds(1, 73_257)] = 73257) -> Dataset:
    """Loads digits of house numbers, uint8 (N, 32, 32, 3).

    Args:
        place: where the files are searched and kept.
        train_examples: number of training examples, taken from the beginning.
    """
    train, test = (_split(file, place) for file in _FILES)
    train = Split(train.x[:train_examples], train.y[:train_examples])
    return Dataset("svhn", "multiclass", train, test, tuple("0123456789"))


def _split(file: str, place: Place) -> Split:
    import numpy as np

    from ..formats.download import fetch  # urllib takes a while to import
    from ._mat import read_mat

    sha256, count = _FILES[file]
    others = [other for other in _FILES if other != file]
    urls = [f"{mirror}/{file}" for mirror in _MIRRORS]
    path = fetch("svhn", urls, sha256, place, member=file, siblings=others, limit=200_000_000)
    x, y = read_mat(path, ("X", "y"))
    for name, array, shape in (("X", x, (*_SHAPE, count)), ("y", y, (count, 1))):
        if array.shape != shape or array.dtype != np.uint8:
            raise DataUnavailable(
                f"{path}: expected bytes (uint8) of shape {shape} as {name}, found {array.dtype} of shape "
                f"{array.shape}; replace the file"
            )
    if y.min() < 1 or y.max() > 10:
        raise DataUnavailable(f"{path}: expected labels from 1 to 10, found {y.min()} to {y.max()}; replace the file")
    # The label of the digit 0 is 10.
    return Split(np.ascontiguousarray(x.transpose(3, 0, 1, 2)), (y.ravel() % 10).astype(np.int32))


SOURCES = (
    Source(
        "svhn", "99,289 digits of house numbers, 32x32 (Netzer et al. 2011); 246 MB to download", "image", "multiclass",
        _SHAPE, 10, svhn,
    ),
)  # fmt: skip
