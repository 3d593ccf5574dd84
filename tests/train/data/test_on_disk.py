"""Rows on the disk behave like the arrays that they represent."""

import numpy as np
import pytest

from zoo.train.data.dataset import Dataset, Split
from zoo.train.data.normalize import fit_scaler
from zoo.train.data.on_disk import MappedArray, blocks, resident, sample, subsample, take
from zoo.train.data.split import hold_back_last, train_val_split
from zoo.train.errors import BadInput

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """An array, and its rows on the disk."""
    array = rng.normal(3, 2, (50, 4, 3)).astype(np.float32)
    path = tmp_path_factory.mktemp("rows") / "x.npy"
    np.save(path, array)
    return array, MappedArray(np.load(path, mmap_mode="r"))


@pytest.mark.parametrize(
    "which", [3, -1, slice(5, 20), slice(None, None, 7), [4, 4, 0], np.arange(50) % 3 == 0, np.array([[1, 2], [3, 4]])]
)
def test_rows_are_indexed_like_an_array(pair, which):
    array, rows = pair
    np.testing.assert_array_equal(rows[which], array[which])
    assert type(rows[which]) is np.ndarray


@pytest.mark.parametrize("which", [slice(5, 20), np.arange(50) % 3 == 0])
def test_a_selection_can_be_selected_from(pair, which):
    array, rows = pair
    some = take(rows, which)
    assert isinstance(some, MappedArray)
    assert (some.shape, some.dtype, some.ndim, len(some), some.nbytes) == (
        *((some_ := array[which]).shape, some_.dtype, some_.ndim), len(some_), some_.nbytes,
    )  # fmt: skip
    np.testing.assert_array_equal(take(some, np.array([6, 2]))[:], array[which][[6, 2]])
    np.testing.assert_array_equal(take(some, slice(1, 4))[::-1], array[which][1:4][::-1])


@pytest.mark.parametrize("which", [slice(5, 20), [20, 17, 3], np.array([[1, 17], [3, 4]])])
def test_a_row_that_is_not_finite_is_refused_when_it_is_read_by_its_number_in_the_file(tmp_path, which):
    array = np.zeros((30, 2))
    array[17, 1] = np.inf
    np.save(tmp_path / "x.npy", array)
    rows = MappedArray(np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert not rows[:17].any()
    for some, place in ((rows, which), (take(rows, np.arange(10, 30)), 7)):
        with pytest.raises(BadInput, match=r"x.npy, row 17, column 1 .*expected finite numbers, found inf"):
            some[place]


def test_conversion_to_an_array_raises(pair):
    with pytest.raises(TypeError, match="50 examples stay on the disk"):
        np.asarray(pair[1])


def test_rows_have_the_requested_type(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10, dtype=np.uint8))
    rows = MappedArray(np.load(tmp_path / "x.npy", mmap_mode="r"), dtype=np.int32)
    assert (rows.dtype, rows[2:4].dtype, take(rows, slice(3))[:].dtype) == (np.int32,) * 3


@pytest.mark.parametrize("how", ["none", "unit", "symmetric", "standard"])
def test_a_scaler_is_fitted_as_to_the_array(pair, how):
    array, rows = pair
    for one, other in zip(fit_scaler(array, how), fit_scaler(rows, how), strict=True):
        assert one.tobytes() == other.tobytes()


def test_blocks_hold_all_rows_once_in_order(pair):
    array, rows = pair
    assert [len(part) for part in blocks(rows, 20)] == [20, 20, 10]
    np.testing.assert_array_equal(np.concatenate(list(blocks(rows, 20))), array)


def test_splits_equal_those_of_the_array(pair):
    array, rows = pair
    y = np.arange(50, dtype=np.int32) % 3
    for cut in (lambda split: train_val_split(split, 0.2, 1), lambda split: hold_back_last(split, 0.2)):
        for one, other in zip(cut(Split(array, y)), cut(Split(rows, y)), strict=True):
            np.testing.assert_array_equal(one.x, other.x[:])
            np.testing.assert_array_equal(one.y, other.y)


def test_a_set_is_subsampled_evenly_and_only_beyond_the_limit(pair):
    array, rows = pair
    assert subsample(rows, array.size) is rows
    np.testing.assert_array_equal(subsample(rows, 60)[:], array[[0, 12, 24, 36, 49]])
    np.testing.assert_array_equal(subsample(array, 60), array[[0, 12, 24, 36, 49]])
    np.testing.assert_array_equal(sample(rows), array)


def test_resident_data_is_in_memory(pair):
    array, rows = pair
    y = np.arange(50)
    data = resident(Dataset("mine", "multiclass", Split(rows, y), Split(array, y)))
    assert type(data.train.x) is np.ndarray
    np.testing.assert_array_equal(data.train.x, array)
    assert data.test.x is array
