"""The four files of MNIST in small: consecutive labels, images filled with their index."""

import gzip
import struct

import numpy as np

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
SHAPES = ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,))


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def counted(shape):
    """Labels that count 0 to 9, and images with their number in the first two pixels."""
    if len(shape) == 1:
        return (np.arange(shape[0]) % 10).astype(np.uint8)
    array = np.zeros(shape, np.uint8)
    array[:, 0, 0], array[:, 0, 1] = np.divmod(np.arange(len(array)), 256)
    return array


def write_mnist(folder):
    """All four files, compressed."""
    for name, shape in zip(FILES, SHAPES, strict=True):
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx(counted(shape)), 1))
