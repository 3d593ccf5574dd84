"""CIFAR-10 and CIFAR-100: 50,000 training and 10,000 test photographs, 32 x 32 pixels in colour.

Krizhevsky, "Learning multiple layers of features from tiny images", 2009. The binary form is read, straight from the
archive: a record is one byte a label (of CIFAR-100 that of the superclass, then that of the class) and 1,024 bytes for
each of red, green and blue, row by row.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, NamedTuple

from ...errors import DataUnavailable
from ...option_types import Bounds
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "cifar10", "cifar100"]

_SIDE, _COLOURS = 32, 3
_TRAIN, _TEST = 50_000, 10_000
_Examples = Annotated[int, Bounds(1, _TRAIN)]
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_HUNDRED = (
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy",
    "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock",
    "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest",
    "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard", "lion", "lizard",
    "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid",
    "otter", "palm_tree", "pear", "pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum",
    "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone",
    "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf",
    "woman", "worm",
)  # fmt: skip


class _Origin(NamedTuple):
    """The archive of a data set.

    Attributes:
        mirrors: addresses of its folder, the authors' first.
        archive: name of the archive.
        sha256: its digest.
        train: training files in their order, with the number of records of each.
        test: test files likewise.
        labels: bytes of labels before an image; the last one is the class.
    """

    mirrors: tuple[str, ...]
    archive: str
    sha256: str
    train: Mapping[str, int]
    test: Mapping[str, int]
    labels: int


# Digests as published both by tensorflow/datasets (tensorflow_datasets/url_checksums/cifar10.txt, cifar100.txt) and by
# JuliaML/MLDatasets.jl (src/datasets/vision/cifar10.jl, cifar100.jl).
_ORIGINS = {
    "cifar10": _Origin(
        (
            "https://www.cs.toronto.edu/~kriz",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10",
            "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets",
        ),
        "cifar-10-binary.tar.gz",
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        {f"data_batch_{i}.bin": _TRAIN // 5 for i in range(1, 6)},
        {"test_batch.bin": _TEST},
        labels=1,
    ),
    "cifar100": _Origin(
        (
            "https://www.cs.toronto.edu/~kriz",
            "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets",
        ),
        "cifar-100-binary.tar.gz",
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        {"train.bin": _TRAIN},
        {"test.bin": _TEST},
        labels=2,
    ),
}


def cifar10(place: Place, *, train_examples: _Examples = 50000) -> Dataset:
    """Loads photographs of ten kinds of animals and vehicles, uint8 (N, 32, 32, 3).

    Args:
        place: where the archive is searched and kept.
        train_examples: number of training examples, taken from the beginning.
    """
    return _load("cifar10", place, train_examples, _THINGS)


def cifar100(place: Place, *, train_examples: _Examples = 50000) -> Dataset:
    """Loads photographs of a hundred kinds of things, uint8 (N, 32, 32, 3).

    Args:
        place: where the archive is searched and kept.
        train_examples: number of training examples, taken from the beginning.
    """
    return _load("cifar100", place, train_examples, _HUNDRED)


def _load(name: str, place: Place, train_examples: int, classes: tuple[str, ...]) -> Dataset:
    from ..formats.download import fetch  # urllib takes a while to import
    from ._records import read_records

    origin = _ORIGINS[name]
    plain = origin.archive.removesuffix(".gz")
    urls = [f"{mirror}/{origin.archive}" for mirror in origin.mirrors]
    path = fetch(name, urls, origin.sha256, place, member=origin.archive, aliases=(plain,), limit=200_000_000)
    length = origin.labels + _COLOURS * _SIDE**2
    parts = {
        file: _split(records, origin.labels)
        for file, records in read_records(path, {**origin.train, **origin.test}, length)
    }
    train, test = (_joined([parts[file] for file in files]) for files in (origin.train, origin.test))
    highest = max(train.y.max(), test.y.max())
    if highest >= len(classes):
        raise DataUnavailable(
            f"{path}: expected labels from 0 to {len(classes) - 1}, found {highest}; replace the file"
        )
    return Dataset(name, "multiclass", Split(train.x[:train_examples], train.y[:train_examples]), test, classes)


def _split(records: "np.ndarray", labels: int) -> Split:
    """Returns the images of records, whose colours are planes there and the last axis here, and their classes."""
    import numpy as np

    planes = records[:, labels:].reshape(-1, _COLOURS, _SIDE, _SIDE)
    return Split(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, labels - 1].astype(np.int32))


def _joined(parts: list[Split]) -> Split:
    import numpy as np

    return Split(np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts]))


def _source(name: str, about: str, outputs: int, load) -> Source:
    return Source(name, about, "image", "multiclass", (_SIDE, _SIDE, _COLOURS), outputs, load)


SOURCES = (
    _source("cifar10", "60,000 photographs of ten kinds, 32x32 (Krizhevsky 2009); 170 MB to download", 10, cifar10),
    _source(
        "cifar100", "60,000 photographs of a hundred kinds, 32x32 (Krizhevsky 2009); 169 MB to download", 100, cifar100
    ),
)
