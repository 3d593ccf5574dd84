"""The files of image data sets in small: those of MNIST, with images filled with their index, and archives."""

import gzip
import io
import struct
import tarfile

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


def archive(files):
    """A tar archive of files by their names, compressed."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz", compresslevel=1) as made:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return body.getvalue()
