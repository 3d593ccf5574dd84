"""Array files: every order, byte order and type of numbers is read right, anything else is refused in a line."""

import numpy as np
import pytest

from zoo.train.data.formats.npy import npy_header, open_npy
from zoo.train.errors import BadInput

NUMBERS = np.arange(24.0).reshape(4, 3, 2)


@pytest.mark.parametrize("dtype", ["?", "u1", ">i2", "<i8", ">u8", "<f2", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_type_and_order_are_read(tmp_path, dtype, order):
    array = np.asarray(NUMBERS % 2 if dtype == "?" else NUMBERS, np.dtype(dtype), order=order)
    np.save(tmp_path / "x.npy", array)
    np.testing.assert_array_equal(open_npy(tmp_path / "x.npy"), array)
    assert npy_header(tmp_path / "x.npy").kind == array.dtype.kind


def header(text, body=b"\0" * 64):
    return b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text + body


def damaged(descr="'<f8'", fortran="False", shape="(2,)", body=b"\0" * 16):
    return header(f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}}}\n".encode(), body)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an array that numpy.save wrote"),
        (b"\x93NUMPY", "is not an array"),
        (header(b"(" * 3000), "is not an array"),
        (header(b"1"), "is not an array"),
        (header(b"{'descr': '<f8'}"), "is not an array"),
        (b"\x93NUMPY\x02\0" + b"\xff" * 4, "is not an array"),
        (damaged(shape="(-1,)"), "is not an array"),
        (damaged(shape="('a',)"), "is not an array"),
        (damaged(shape="3"), "is not an array"),
        (damaged(shape="(10**9,)"), "is not an array"),
        (damaged(shape=f"({10**18}, {10**18})"), "is not a complete array"),
        (damaged(body=b"\0" * 15), ".*its header declares 16 bytes of numbers, the file has 15"),
        (damaged(body=b"\0" * 17), "has 1 bytes beyond its array"),
        (damaged(shape="(0, 3)", body=b""), r"is empty: it has shape \(0, 3\)"),
        (damaged("'<f16'"), "holds <f16 of shape .*expected numbers: booleans, integers or floats of at most 64 bits"),
        (damaged("'|O'"), r"holds \|O of shape"),
        (damaged("[('a', '<f8')]"), "holds fields of shape"),
        (damaged("'<U3'"), "holds <U3 of shape"),
        (damaged("'<M8[ns]'"), r"holds <M8\[ns\] of shape"),
        (damaged("'<c16'"), "holds <c16 of shape"),
        (damaged("'<f7'"), "holds <f7 of shape"),
        (damaged("7"), "holds fields of shape"),
    ],
)
def test_anything_else_is_refused_with_the_reason(tmp_path, content, message):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=rf"x\.npy {message}"):
        open_npy(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(BadInput, match="Is a directory"):
        open_npy(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        open_npy(tmp_path / "none.npy")
