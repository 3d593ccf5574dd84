"""Arrays from files: checked shapes, unchanged values, nothing unpickled."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from zoo.train.errors import BadInput
from zoo.train.inference.inputs.arrays import from_idx, from_npy
from zoo.train.inference.inputs.batch import InputSpec

IMAGE = InputSpec("image", (8, 8, 1), range=(0.0, 16.0))


@pytest.fixture
def npy(tmp_path):
    def save(array, name="a.npy"):
        np.save(tmp_path / name, array, allow_pickle=False)
        return tmp_path / name

    return save


@pytest.mark.parametrize("shape", [(8, 8, 1), (8, 8), (3, 8, 8, 1), (3, 8, 8)])
def test_one_example_or_many_with_the_channel_or_without(npy, shape):
    array = np.random.default_rng(0).uniform(0, 16, shape)
    batch = from_npy(npy(array), IMAGE)
    np.testing.assert_array_equal(batch.x.ravel(), array.ravel())
    assert batch.x.shape[1:] == (8, 8, 1)
    assert len(batch.names) == len(batch.x)
    assert batch.notes == ()


def test_values_on_another_scale_are_kept_with_a_note(npy):
    batch = from_npy(npy(np.full((8, 8), 200.0)), IMAGE)
    assert batch.x.max() == 200
    assert "values from 200 to 200, the training images from 0 to 16" in batch.notes[0]


def test_a_sequence_may_be_of_any_length_and_a_series_is_cut_to_its_last_window(npy):
    assert from_npy(npy(np.ones((5, 2))), InputSpec("sequence", (30, 2))).x.shape == (1, 5, 2)
    assert from_npy(npy(np.ones((4, 7, 2))), InputSpec("sequence", (30, 2))).x.shape == (4, 7, 2)
    series = from_npy(npy(np.arange(100.0)), InputSpec("series", (16, 1)))
    assert series.x[0, :, 0].tolist() == list(range(84, 100))


@pytest.mark.parametrize(
    ("array", "spec", "message"),
    [
        (np.ones((8, 9)), IMAGE, "has shape 8x9, expected one example of 8x8x1 or several"),
        (np.ones((0, 8, 8, 1)), IMAGE, "a.npy"),
        (np.array(3.0), IMAGE, "a.npy has shape of one number"),
        (np.full((2, 8, 8), np.nan), IMAGE, r"a.npy, example 0 \(counted from 0\): a value is missing"),
        (np.full((8, 8), "a"), IMAGE, r"a.npy holds <U1 of shape \(8, 8\), expected numbers"),
        (np.ones((8, 8), complex), IMAGE, r"a.npy holds <c16 of shape \(8, 8\), expected numbers"),
        (np.array([[0, 9]]), InputSpec("sequence", (2,), vocabulary=("a", "b")), "tokens are numbered 0 to 1"),
        (np.ones((1, 2)), InputSpec("sequence", (2,), vocabulary=("a", "b")), "expected token numbers, integers"),
    ],
)
def test_an_array_that_does_not_fit_raises_with_the_expectation(npy, array, spec, message):
    with pytest.raises(BadInput, match=message):
        from_npy(npy(array), spec)


class Canary:
    touched = False

    def __reduce__(self):
        return (setattr, (Canary, "touched", True))


@pytest.mark.fault(row=10)
def test_objects_raise_and_are_never_unpickled(tmp_path):
    path = tmp_path / "a.npy"
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.array([Canary()], object))
    with pytest.raises(BadInput, match=r"a.npy holds \|O of shape \(1,\), expected numbers"):
        from_npy(path, IMAGE)
    assert not Canary.touched


@pytest.mark.parametrize("shape", [(10**6, 10**6), (3, 8, 8, 1)])
def test_a_header_that_declares_more_than_the_file_holds_allocates_no_memory(npy, shape):
    path = npy(np.ones((2, 8, 8, 1)))
    head = path.read_bytes()[:128].replace(b"(2, 8, 8, 1)", str(shape).encode())
    path.write_bytes(head[:8] + struct.pack("<H", len(head) - 10) + head[10:] + b"\0" * 100)
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"a\.npy"):
        from_npy(path, IMAGE)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("header", ["(" * 3000, "-" * 9000 + "1", "{'descr': '<f4'}", "{'shape': 1"], ids=len)
def test_a_header_that_is_no_literal_is_refused(tmp_path, header):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header.encode() + b"\n")
    with pytest.raises(BadInput, match=r"a\.npy is not an array that numpy.save wrote"):
        from_npy(path, IMAGE)


def test_an_idx_file_that_expands_without_bound_is_read_no_further_than_its_header_says(tmp_path):
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    head = b"\0\0\x08\x03" + struct.pack(">3I", 2, 8, 8)
    path.write_bytes(gzip.compress(head + b"\0" * 50_000_000))
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"expected 128 bytes after the header .*, found more"):
        from_idx(path, IMAGE)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_idx_files_are_read_and_damaged_ones_raise(tmp_path):
    path = tmp_path / "t10k-images-idx3-ubyte"
    pixels = np.arange(128, dtype=np.uint8).reshape(2, 8, 8) % 17
    path.write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", 2, 8, 8) + pixels.tobytes())
    batch = from_idx(path, IMAGE)
    np.testing.assert_array_equal(batch.x[..., 0], pixels)
    assert batch.names == [f"{path}[0]", f"{path}[1]"]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadInput, match="ubyte is not a valid IDX file: expected 128 bytes"):
        from_idx(path, IMAGE)
