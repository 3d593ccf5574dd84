"""The user's arrays: the data set that they form, errors of invalid ones."""

import re

import numpy as np
import pytest

from zoo.train.cli.shorthands import expand_shorthands
from zoo.train.data.dataset import Place, load_data
from zoo.train.data.on_disk import MappedArray
from zoo.train.data.sources.npy_folder import npy_name
from zoo.train.errors import BadInput

X = np.arange(240, dtype=np.uint8).reshape(20, 2, 3, 2)
Y = np.arange(20) % 4
WITH_NAN = X.astype(np.float64)
WITH_NAN[12, 1, 0, 0] = np.nan


def put(folder, **arrays):
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return str(folder)


@pytest.mark.parametrize(
    ("shape", "y", "name"),
    [
        ((20, 12), Y, "npy_table"),
        ((20, 4, 3), Y, "npy_sequences"),
        ((20, 2, 3, 2), Y, "npy_images"),
        ((20, 12), Y / 2, "npy_table_values"),
        ((20, 2, 3, 2), np.ones((20, 3)), "npy_images_values"),
    ],
)
def test_shape_and_type_select_the_data_set(tmp_path, shape, y, name):
    folder = put(tmp_path, x=X.reshape(shape), y=y)
    assert npy_name(folder) == name
    assert expand_shorthands(["--model", "mlp", f"--npy={folder}"]) == expand_shorthands(
        ["--model", "mlp", "--npy", folder]
    )
    assert expand_shorthands(["--npy", folder]) == ["--dataset", name, "--d.folder", folder]
    data = load_data(name, options={"folder": folder})
    assert data.task == ("regression" if name.endswith("values") else "multiclass")
    assert data.outputs == (4 if data.classes else np.prod(y.shape[1:]))
    assert (len(data.train.x), len(data.test.x)) == (16, 4)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((20, 12), "rows of a table with 12 features"),
        ((20, 12, 1), "sequences of 12 steps with 1 feature"),
        ((20, 28, 28), r"sequences of 28 steps with 28 features; images need a last axis .*x\[..., None\]"),
        ((20, 4, 3, 1), "images of 4x3 pixels with 1 channel"),
        ((20, 3, 8, 9), r"images of 3x8 pixels with 9 channels; if the channels come first: x.transpose\(0, 2, 3, 1\)"),
    ],
)
def test_what_the_axes_are_taken_for_is_told(tmp_path, shape, told):
    folder = put(tmp_path, x=np.zeros(shape, np.uint8), y=Y)
    assert re.fullmatch(rf".*x\.npy: {told}", load_data(npy_name(folder), options={"folder": folder}).notes[0])


def test_arrays_larger_than_memory_stay_on_the_disk_and_are_the_same(tmp_path):
    folder = put(tmp_path, x=X, y=Y)
    small, large = (load_data("npy_images", Place(in_memory=n), {"folder": folder}) for n in (240, 239))
    for one, other in ((small.train, large.train), (small.test, large.test)):
        assert type(one.x) is np.ndarray
        assert isinstance(other.x, MappedArray)
        np.testing.assert_array_equal(one.x, other.x[:])
        np.testing.assert_array_equal(one.y, other.y)


def test_test_files_and_class_names_are_read(tmp_path):
    folder = put(tmp_path, x=X, y=Y, x_test=X[:3], y_test=Y[:3])
    (tmp_path / "classes.txt").write_text("ant\nbee\ncat\ndog\n")
    data = load_data("npy_images", options={"folder": folder})
    assert (len(data.train.x), len(data.test.x)) == (20, 3)
    assert data.classes == ("ant", "bee", "cat", "dog")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "y.npy cannot be read: No such file"),
        ({"x": X, "y": Y[:3]}, "x.npy has 20 examples and y.npy 3"),
        ({"x": X, "y": Y - 1}, "expected classes, integers from 0"),
        ({"x": X, "y": Y[:, None]}, "expected classes"),
        ({"x": X, "y": Y * 10**7}, "class 30,000,000 is too large"),
        ({"x": X, "y": np.full(20, np.nan)}, r"y.npy, row 0 \(counted from 0\): expected finite numbers, found nan"),
        (
            {"x": X, "y": Y / 2, "x_test": X, "y_test": np.where(np.arange(20) == 7, np.inf, Y)},
            r"y_test.npy, row 7 .*found inf",
        ),
        ({"x": X, "y": Y, "x_test": WITH_NAN, "y_test": Y}, r"x_test.npy, row 12, place 1, 0, 0 .*found nan"),
        ({"x": WITH_NAN, "y": Y}, r"x.npy, row 12, place 1, 0, 0 "),
        ({"x": X.ravel(), "y": Y}, r"shape \(240,\): expected numbers \(examples, features\)"),
        ({"x": X.astype("c8"), "y": Y}, "c8 of shape"),
        ({"x": X[:0], "y": Y[:0]}, "x.npy is empty"),
        ({"x": X, "y": np.array(1.5)}, r"y.npy is no list of examples: it has shape \(\)"),
        ({"x": X, "y": np.zeros((20, 0))}, r"y.npy is empty: it has shape \(20, 0\)"),
        ({"x": X[:1], "y": Y[:1]}, "x.npy has 1 example: add others"),
        ({"x": X, "y": Y, "x_test": X[:, :1], "y_test": Y}, "must have the shapes of x and y"),
        ({"x": X, "y": Y, "x_test": X}, "has x_test.npy without y_test.npy"),
        ({"x": X, "y": Y, "y_test": Y}, "y_test.npy without x_test.npy"),
        ({"x": X, "y": Y, "x_test": X, "y_test": Y / 2}, "one of y.npy and y_test.npy holds integers"),
        ({"x": X, "y": Y + 1}, "has no class 0, the least is 1: number the classes from 0"),
    ],
)
def test_invalid_arrays_raise_with_file_and_expectation(tmp_path, arrays, message):
    folder = put(tmp_path, **arrays)
    with pytest.raises(BadInput, match=message):
        load_data(npy_name(folder), options={"folder": folder})


def test_objects_and_truncated_files_raise(tmp_path):
    folder = put(tmp_path, x=np.array([[{}]]), y=Y)
    with pytest.raises(BadInput, match=r"x.npy holds \|O"):
        npy_name(folder)
    (tmp_path / "x.npy").write_bytes(b"no array at all")
    with pytest.raises(BadInput, match=r"x.npy is not an array that numpy.save wrote"):
        npy_name(folder)
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + (3000).to_bytes(2, "little") + b"(" * 3000)
    with pytest.raises(BadInput, match=r"x.npy is not an array that numpy.save wrote"):
        npy_name(folder)
    put(tmp_path, x=X)
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-10])
    with pytest.raises(BadInput, match=r"x.npy is not a complete array"):
        load_data("npy_images", options={"folder": folder})


@pytest.mark.parametrize(
    ("folder", "message"), [("", "the folder of x.npy and y.npy is missing"), ("nowhere", "nowhere does not exist")]
)
def test_the_folder_must_be_given_and_exist(folder, message):
    with pytest.raises(BadInput, match=message):
        npy_name(folder)


def test_files_of_another_data_set_raise_with_its_name(tmp_path):
    folder = put(tmp_path, x=X, y=Y)
    with pytest.raises(BadInput, match="holds the data set npy_images"):
        load_data("npy_table", options={"folder": folder})


def test_fewer_names_than_classes_raise(tmp_path):
    folder = put(tmp_path, x=X, y=Y)
    (tmp_path / "classes.txt").write_text("ant\nbee")
    with pytest.raises(BadInput, match=r"lists 2 classes, but y.npy has class 3"):
        load_data("npy_images", options={"folder": folder})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("\ufeffant\r\n\r\nbee\r\n cat\r\ndög\r\n\r\n".encode(), ""),
        (b"ant\rbee\rcat\rd\xc3\xb6g", ""),
        ("ant\nbee\ncat\ndög\n".encode("latin-1"), r"classes.txt is not UTF-8 text: byte 13 \(line 4\) is 0xf6"),
        ("ant\nbee\ncat\ndög\n".encode("utf-16"), r"classes.txt is not UTF-8 text: byte 0 .* as in UTF-16"),
        ("ant\nbee\ncat\ndog\n".encode("utf-16-le"), "classes.txt holds the character NUL"),
        (b"ant\nbee\nant\ndog", "classes.txt lists 'ant' twice"),
        (b"\n\n", "classes.txt lists 0 classes"),
    ],
)
def test_names_of_classes_are_read_or_refused_with_the_cause(tmp_path, names, message):
    folder = put(tmp_path, x=X, y=Y)
    (tmp_path / "classes.txt").write_bytes(names)
    if not message:
        assert load_data("npy_images", options={"folder": folder}).classes == ("ant", "bee", "cat", "dög")
        return
    with pytest.raises(BadInput, match=message):
        load_data("npy_images", options={"folder": folder})


def test_an_array_in_fortran_order_raises(tmp_path):
    folder = put(tmp_path, x=np.asfortranarray(X), y=Y)
    assert len(load_data("npy_images", options={"folder": folder}).train.x) == 16
    with pytest.raises(BadInput, match="Fortran order"):
        load_data("npy_images", Place(in_memory=0), {"folder": folder})


def test_a_file_that_becomes_shorter_raises_when_it_is_read(tmp_path):
    folder = put(tmp_path, x=X, y=Y, x_test=X, y_test=Y)
    rows = load_data("npy_images", Place(in_memory=0), {"folder": folder}).train.x
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-10])
    assert len(rows[:19]) == 19
    with pytest.raises(BadInput, match=r"x\.npy has become shorter"):
        rows[[0, 19]]
