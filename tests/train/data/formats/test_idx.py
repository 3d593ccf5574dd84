"""The IDX reader: accepted files, and invalid ones that raise without allocating memory or running code."""

import gzip
import pickle
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from zoo.train.data.formats.idx import read_idx
from zoo.train.errors import DataUnavailable

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
quiet = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def idx(array):
    """The format by hand, as its page describes it."""
    kind = array.dtype.str[1:]
    header = bytes([0, 0, CODES[kind], array.ndim]) + b"".join(struct.pack(">I", n) for n in array.shape)
    return header + array.astype(f">{kind}").tobytes()


def written(folder, content, name="file"):
    path = folder / name
    path.write_bytes(content)
    return path


@quiet
@given(
    st.sampled_from(sorted(CODES)).flatmap(lambda kind: arrays(kind, array_shapes(max_dims=4, min_side=0))),
    st.booleans(),
)
def test_every_type_and_shape_is_read_compressed_or_not(tmp_path, array, compressed):
    content = gzip.compress(idx(array), 1) if compressed else idx(array)
    read = read_idx(written(tmp_path, content), array.shape)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert np.array_equal(read, array, equal_nan=array.dtype.kind == "f")


def test_compression_is_detected_from_the_content(tmp_path):
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert np.array_equal(read_idx(written(tmp_path, idx(array), "raw.gz")), array)
    assert np.array_equal(read_idx(written(tmp_path, gzip.compress(idx(array)), "packed")), array)


@pytest.mark.fault(row=7)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_truncated_file_raises(tmp_path, compressed):
    whole = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    whole = gzip.compress(whole) if compressed else whole
    for length in range(len(whole)):
        with pytest.raises(DataUnavailable, match="file is not a valid IDX file"):
            read_idx(written(tmp_path, whole[:length]))


@pytest.mark.fault(row=7)
@quiet
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_raise_or_are_read_as_their_header_declares(tmp_path, content, compressed):
    path = written(tmp_path, gzip.compress(content, 1) if compressed else content)
    try:
        array = read_idx(path)
    except DataUnavailable:
        return
    assert idx(array)[4:] == content[4:]


@pytest.mark.fault(row=7)
@quiet
@given(st.sampled_from(sorted(CODES.values())), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8))
def test_a_header_that_declares_too_much_allocates_no_memory(tmp_path, code, dims):
    header = bytes([0, 0, code, len(dims)]) + b"".join(struct.pack(">I", n) for n in dims)
    path = written(tmp_path, header + b"\0" * 8)
    tracemalloc.start()
    try:
        read_idx(path)
    except DataUnavailable as error:
        assert "expected" in str(error) or "declares" in str(error)  # noqa: PT017
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_valid_file_above_the_limit_raises_and_one_at_the_limit_is_read(tmp_path):
    path = written(tmp_path, idx(np.zeros(100, np.uint8)))
    assert len(read_idx(path, limit=100)) == 100
    with pytest.raises(DataUnavailable, match="its header declares 100 bytes, more than the limit of 99"):
        read_idx(path, limit=99)


@pytest.mark.fault(row=9)
def test_a_decompression_bomb_is_read_only_as_far_as_its_header_declares(tmp_path):
    path = written(tmp_path, gzip.compress(idx(np.zeros(10, np.uint8)) + bytes(50_000_000), 1))
    tracemalloc.start()
    with pytest.raises(DataUnavailable, match=r"expected 10 bytes after the header \(10\), found more"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.fault(row=7)
def test_the_message_has_expectation_finding_and_advice(tmp_path):
    path = written(tmp_path, idx(np.zeros((5, 28, 28), np.uint8))[:-9])
    with pytest.raises(DataUnavailable) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    assert "expected 3,920 bytes after the header (5 x 28 x 28), found 3,911" in str(caught.value)
    assert "Replace the file" in str(caught.value)
    with pytest.raises(DataUnavailable, match="expected 6 x 28 x 28 numbers, found 5 x 28 x 28"):
        read_idx(path, (6, 28, 28))
    assert caught.value.exit_code == 4


@pytest.mark.fault(row=7)
def test_a_flipped_bit_in_a_compressed_file_raises(tmp_path):
    whole = bytearray(gzip.compress(idx(np.random.default_rng(0).integers(0, 255, 500).astype(np.uint8))))
    whole[200] ^= 4
    with pytest.raises(DataUnavailable, match="not a valid IDX file"):
        read_idx(written(tmp_path, bytes(whole)))


def test_a_missing_file_raises(tmp_path):
    with pytest.raises(DataUnavailable, match="absent"):
        read_idx(tmp_path / "absent")


class Canary:
    """Unpickling it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.fault(row=10)
@pytest.mark.parametrize("how", ["pickle", "npy", "gzip"])
def test_nothing_is_ever_unpickled(tmp_path, how):
    canary = tmp_path / "canary"
    path = tmp_path / "file"
    if how == "npy":
        with open(path, "wb") as file:
            np.save(file, np.array([Canary(canary)], dtype=object), allow_pickle=True)
    else:
        content = pickle.dumps(Canary(canary))
        path.write_bytes(gzip.compress(content) if how == "gzip" else content)
    with pytest.raises(DataUnavailable, match="begin with 00 00"):
        read_idx(path)
    assert not canary.exists()


def archives(folder):
    """Archives that would write outside the folder they are unpacked in, by every trick that there is."""
    with zipfile.ZipFile(folder / "zip", "w") as file:
        file.writestr("../canary", "x")
        file.writestr(str(folder / "canary"), "x")
    for name, mode in (("tar", "w"), ("tar.gz", "w:gz")):
        with tarfile.open(folder / name, mode) as file:
            for inside in ("../canary", str(folder / "canary")):
                file.addfile(tarfile.TarInfo(inside))
            for kind, target in ((tarfile.SYMTYPE, ".."), (tarfile.LNKTYPE, "../canary"), (tarfile.CHRTYPE, "")):
                member = tarfile.TarInfo("member")
                member.type, member.linkname = kind, target
                file.addfile(member)
    return [folder / name for name in ("zip", "tar", "tar.gz")]


@pytest.mark.fault(row=9)
def test_an_archive_instead_of_a_file_raises_and_is_not_extracted(tmp_path):
    for path in archives(tmp_path):
        with pytest.raises(DataUnavailable, match=rf"{path.name} is not a valid IDX file"):
            read_idx(path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tar", "tar.gz", "zip"]
