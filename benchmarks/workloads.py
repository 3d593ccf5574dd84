"""Workloads of the comparison: model, shapes, batch and optimizer, with random data of those shapes.

Speed does not depend on the values of the pixels, so nothing is downloaded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

__all__ = ["DENSE", "LARGE", "WORKLOADS", "Data", "Workload", "batches", "floats", "make_data", "tiny", "windows"]

VOCABULARY, EMBEDDING, HIDDEN, WINDOW = 96, 128, 512, 128  # of `characters`
LAYERS, HEADS = 4, 4  # of `transformer`, whose width is EMBEDDING and its hidden layers HIDDEN
NOISE = 100  # numbers that the generator starts from


@dataclass(frozen=True)
class Workload:
    """Model on data of one shape.

    Attributes:
        name: name for `--only`.
        about: description for the table.
        shape: shape of one example; () for a text.
        examples: number of examples in memory, of a text tokens.
        batch: examples per step, of a text windows.
        opt: "adam", or "momentum" (0.9).
        rate: learning rate.
        parameters: number of parameters that the model must have.
        loss: approximate loss of the first step, that of chance; None if undefined.
        gflop: multiplications and additions of the products of a step, three times those of the forward pass; the input
            of the first layer needs no gradient.
        sizes: sizes of the model by name, where they are not those of its function; `window` is that of a text.
        normalize: "standard", images of mean 0 and standard deviation 1, or "unit", pixels from 0 to 1.
        precision: "default" of jax for products of float32 (TF32 on recent NVIDIA GPUs), "float32" in full, or "bf16".
    """

    name: str
    about: str
    shape: tuple[int, ...]
    examples: int
    batch: int
    opt: Literal["adam", "momentum"]
    rate: float
    parameters: int
    loss: float | None
    gflop: float
    sizes: Mapping[str, int] = field(default_factory=dict)
    normalize: Literal["standard", "unit"] = "standard"
    precision: Literal["default", "float32", "bf16"] = "default"

    @property
    def window(self) -> int:
        """Returns the number of tokens of a window of a text."""
        return self.sizes.get("window", WINDOW)


WORKLOADS = {
    work.name: work
    for work in (
        Workload(
            "mlp", "MLP 784-512-256-10, batch 128", (28, 28, 1), 60000, 128, "adam", 1e-3, 535818, np.log(10), 0.308
        ),
        Workload(
            "cnn",
            "CNN: conv 32, conv 64, dense 256, average pools, batch 128",
            (28, 28, 1),
            60000,
            128,
            "adam",
            1e-3,
            824458,
            np.log(10),
            3.51,
        ),
        Workload(
            "rows",
            "LSTM 128 reads images row by row, batch 128",
            (28, 28, 1),
            60000,
            128,
            "adam",
            1e-3,
            81674,
            np.log(10),
            1.62,
        ),
        Workload(
            "characters",
            "LSTM 512 on characters, windows of 128, batch 64",
            (),
            1_000_000,
            64,
            "adam",
            1e-3,
            1374304,
            np.log(VOCABULARY),
            66.8,
        ),
        Workload(
            "transformer",
            "transformer of 4 layers, 128 wide, on characters, windows of 128, batch 64",
            (),
            1_000_000,
            64,
            "adam",
            1e-3,
            834400,
            np.log(VOCABULARY),
            45.7,
        ),
        Workload(
            "resnet",
            "ResNet-20, 32x32x3, batch 128",
            (32, 32, 3),
            12800,
            128,
            "momentum",
            0.01,
            269722,
            np.log(10),
            31.0,
            {"depth": 20},
        ),
        Workload(
            "dcgan",
            "DCGAN on 28x28, a step of both players, batch 128",
            (28, 28, 1),
            60000,
            128,
            "adam",
            2e-4,
            904194,
            None,
            20.8,
        ),
        # The recipe `--model vae --dataset mnist`, whose widths are those of Flax's example.
        Workload(
            "vae",
            "variational autoencoder 784-500-20-500-784, batch 64",
            (28, 28, 1),
            60000,
            64,
            "adam",
            2e-3,
            815824,
            784 * np.log(2),
            0.262,
            normalize="unit",
        ),
    )
}

LARGE = {
    work.name: work
    for work in (
        # The size of nanoGPT's smallest recipe (Karpathy 2022).
        Workload(
            "gpt",
            "transformer of 6 layers, 384 wide, on characters, windows of 256, batch 64",
            (),
            1_000_000,
            64,
            "adam",
            1e-3,
            10819680,
            np.log(VOCABULARY),
            1165,
            {"width": 384, "depth": 6, "heads": 6, "window": 256},
        ),
        Workload(
            "fast",
            "ResNet of 14 layers, 64 wide, 32x32x3, batch 512",
            (32, 32, 3),
            25600,
            512,
            "momentum",
            0.01,
            2735946,
            np.log(10),
            1279,
            {"depth": 14, "width": 64},
        ),
    )
}
"""Further workloads of `python -m benchmarks.accelerator`: the sizes of the others hardly use a GPU."""

DENSE = {"mlp": (784, 512, 256, 10)}
"""Widths from input to output of those whose model is dense layers alone."""


_TINY = {
    "characters": {"hidden": 32},
    "gpt": {"width": 32, "depth": 1, "heads": 2, "window": 32},
    "fast": {"depth": 8, "width": 8},
    "resnet": {"depth": 8},
}


def tiny(work: Workload) -> Workload:
    """Returns a workload of few examples and a small model, on which a CPU shows in seconds that the parts work."""
    return replace(work, examples=2000, batch=8, sizes=_TINY.get(work.name, {}), gflop=0.0)


class Data(NamedTuple):
    """Examples as stored by a data set: bytes and class indices; of a text its tokens and the next tokens."""

    x: np.ndarray
    y: np.ndarray


def make_data(work: Workload) -> Data:
    """Makes the same data of the workload's shape for every library."""
    rng = np.random.default_rng(0)
    if work.shape:
        x = rng.integers(0, 256, (work.examples, *work.shape), np.uint8)
        return Data(x, rng.integers(0, 10, work.examples, np.int32))
    tokens = rng.integers(0, VOCABULARY, work.examples + 1, np.int32)
    return Data(tokens[:-1], tokens[1:])


def floats(data: Data, normalize: Literal["standard", "unit"] = "standard") -> Data:
    """Normalises the images once, as the examples of the other libraries do."""
    x = data.x.astype(np.float32) / 255
    return Data(x if normalize == "unit" else (x - x.mean()) / x.std(), data.y)


def batches(data: Data, batch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields batches forever, in a new random order every epoch, as the examples of the other libraries do."""
    rng = np.random.default_rng(1)
    while True:
        order = rng.permutation(len(data.x))
        for i in range(0, len(order) - batch + 1, batch):
            chosen = order[i : i + batch]
            yield data.x[chosen], data.y[chosen]


def windows(data: Data, batch: int, window: int = WINDOW) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields windows of a text forever, (batch, time), at random positions."""
    rng, steps = np.random.default_rng(1), np.arange(window)
    while True:
        at = rng.integers(0, len(data.x) - window, batch)[:, None] + steps
        yield data.x[at], data.y[at]
