"""MNIST and two data sets of the same format: 60,000 training and 10,000 test images, 28 x 28 pixels, ten classes.

mnist: handwritten digits; LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", 1998. fashion_mnist: clothes; Xiao, Rasul and Vollgraf, arXiv:1708.07747. kmnist: cursive Japanese;
Clanuwat et al., arXiv:1812.01718.

Downloads are verified by SHA-256, files that the user provides by their structure: type, sizes, range of the labels.
"""

from typing import TYPE_CHECKING, Annotated, NamedTuple

from ...errors import DataUnavailable
from ...option_types import Bounds
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "fashion_mnist", "kmnist", "mnist"]

_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_TRAIN, _TEST = 60_000, 10_000
_Examples = Annotated[int, Bounds(1, _TRAIN)]
_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


class _Origin(NamedTuple):
    mirrors: tuple[str, ...]
    sha256: tuple[str, ...]  # digests of the four files uncompressed, or as sent where only those are published


_ORIGINS = {
    "mnist": _Origin(
        ("https://storage.googleapis.com/cvdf-datasets/mnist", "https://ossci-datasets.s3.amazonaws.com/mnist"),
        (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    # Digests of the images as sent, of the labels uncompressed.
    "fashion_mnist": _Origin(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
        ),
        (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    # Digests as sent. The authors' server is the only known mirror.
    "kmnist": _Origin(
        ("https://codh.rois.ac.jp/kmnist/dataset/kmnist",),
        (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
    ),
}


def mnist(place: Place, *, train_examples: _Examples = 60000) -> Dataset:
    """Loads handwritten digits, uint8 (N, 28, 28, 1).

    Args:
        place: where the files are searched and kept.
        train_examples: number of training examples, taken from the beginning; Nielsen's book uses 50000.
    """
    return _load("mnist", place, train_examples, _DIGITS)


def fashion_mnist(place: Place, *, train_examples: _Examples = 60000) -> Dataset:
    """Loads pictures of clothes, uint8 (N, 28, 28, 1).

    Args:
        place: where the files are searched and kept.
        train_examples: number of training examples, taken from the beginning.
    """
    return _load("fashion_mnist", place, train_examples, _CLOTHES)


def kmnist(place: Place, *, train_examples: _Examples = 60000) -> Dataset:
    """Loads cursive Japanese characters, uint8 (N, 28, 28, 1).

    Args:
        place: where the files are searched and kept.
        train_examples: number of training examples, taken from the beginning.
    """
    return _load("kmnist", place, train_examples, _KANA)


def _load(name: str, place: Place, train_examples: int, classes: tuple[str, ...]) -> Dataset:
    paths = [_fetch(name, place, i) for i in range(4)]
    train, test = _split(paths[0], paths[1], _TRAIN), _split(paths[2], paths[3], _TEST)
    _check_labels(name, paths[1], train.y)
    train = Split(train.x[:train_examples], train.y[:train_examples])
    return Dataset(name, "multiclass", train, test, classes)


def _fetch(name: str, place: Place, i: int):
    from ..formats.download import fetch  # urllib takes a while to import

    origin, stem = _ORIGINS[name], _FILES[i]
    dotted = stem.replace("-idx", ".idx")  # the name that some unpackers use
    return fetch(
        name,
        [f"{mirror}/{stem}.gz" for mirror in origin.mirrors],
        origin.sha256[i],
        place,
        member=f"{stem}.gz",
        aliases=(stem, dotted, f"{dotted}.gz"),
        siblings=[f"{other}.gz" for other in _FILES if other != stem],
        limit=100_000_000,
    )


def _split(images, labels, count: int) -> Split:
    import numpy as np

    from ..formats.idx import read_idx

    x = read_idx(images, (count, 28, 28))
    y = read_idx(labels, (count,))
    for path, array in ((images, x), (labels, y)):
        if array.dtype != np.uint8:
            raise DataUnavailable(f"{path}: expected bytes (uint8), found {array.dtype}; replace the file")
    if y.max() > 9:
        raise DataUnavailable(f"{labels}: expected labels from 0 to 9, found {y.max()}; replace the file")
    return Split(x[..., None], y.astype(np.int32))


def _check_labels(name: str, path, y: "np.ndarray") -> None:
    """Checks the labels against the other data sets', whose files have the same names and sizes."""
    import hashlib

    header = bytes.fromhex("00000801") + len(y).to_bytes(4, "big")
    found = hashlib.sha256(header + y.astype("uint8").tobytes()).hexdigest()
    for other, origin in _ORIGINS.items():
        if other != name and found in origin.sha256:
            raise DataUnavailable(
                f"{path}: expected the labels of {name}, found those of {other}. The files have the same names: "
                f"put those of {name} into the subfolder {name}/ of the data folder"
            )


def _source(name: str, about: str, load) -> Source:
    return Source(name, about, "image", "multiclass", (28, 28, 1), 10, load)


SOURCES = (
    _source("mnist", "70,000 handwritten digits, 28x28 (LeCun et al. 1998); 11 MB to download", mnist),
    _source("fashion_mnist", "70,000 pictures of clothes, 28x28 (Zalando 2017); 31 MB to download", fashion_mnist),
    _source("kmnist", "70,000 cursive Japanese characters, 28x28 (CODH 2018); 21 MB to download", kmnist),
)
