"""Sequences of bits: inputs and answers by their definitions."""

import numpy as np
import pytest

from zoo.train.data.dataset import load_data, source
from zoo.train.errors import BadInput

FEW = {"examples": 60}
NAMES = ("copy_bits", "repeat_copy", "associative_recall")


def answered(y):
    """First step and length of an answer, which has no gaps."""
    there = np.flatnonzero(y[:, 0] >= 0)
    assert np.all((y >= 0).all(1) == (y >= 0).any(1))
    assert np.all(np.diff(there) == 1)
    return there[0], len(there)


def test_the_items_of_copy_bits_are_repeated_after_the_end_mark():
    data = load_data("copy_bits", options={**FEW, "longest": 5, "bits": 3})
    lengths = set()
    for x, y in zip(data.train.x, data.train.y, strict=True):
        first, count = answered(y)
        assert x[:, 3].tolist() == [1] + [0] * 11
        assert x[:, 4].tolist() == [int(t == count + 1) for t in range(12)]
        assert first == count + 2
        np.testing.assert_array_equal(x[1 : count + 1, :3], y[first : first + count])
        assert not x[first:].any()
        lengths.add(count)
    assert lengths == {1, 2, 3, 4, 5}


def test_copies_of_one_length_can_be_asked_for():
    y = load_data("copy_bits", options={**FEW, "shortest": 4, "longest": 4}).test.y
    assert {answered(each) for each in y} == {(6, 4)}


def test_repeat_copy_repeats_as_often_as_its_number_says_and_marks_the_end():
    data = load_data("repeat_copy", options={**FEW, "longest": 3, "repeats": 4, "bits": 2})
    numbers = np.array([1, 2, 3, 4])
    standard = (numbers - numbers.mean()) / numbers.std()
    found = set()
    for x, y in zip(data.train.x, data.train.y, strict=True):
        first, steps = answered(y)
        count = first - 2
        often = numbers[np.abs(standard - x[first - 1, 3]).argmin()]
        assert x[first - 1, 3] == pytest.approx(standard[often - 1], abs=1e-6)
        assert steps == count * often + 1
        np.testing.assert_array_equal(y[first : first + steps - 1, :2], np.tile(x[1 : count + 1, :2], (often, 1)))
        assert y[first : first + steps, 2].tolist() == [0] * (steps - 1) + [1]
        assert x[:, 2].tolist() == [1] + [0] * (len(x) - 1)
        assert not x[first:].any()
        found.add((count, often))
    assert len(found) > 6


def test_the_answer_of_associative_recall_is_the_item_after_the_one_asked_for():
    data = load_data("associative_recall", options={**FEW, "longest": 4, "rows": 2, "bits": 5})
    counts = set()
    for x, y in zip(data.train.x, data.train.y, strict=True):
        starts, marks = np.flatnonzero(x[:, 5]), np.flatnonzero(x[:, 6])
        items = [x[start + 1 : start + 3, :5].tolist() for start in starts]
        assert np.diff([*starts, marks[0]]).tolist() == [3] * len(items)
        assert marks[1] == marks[0] + 3
        asked = x[marks[0] + 1 : marks[1], :5].tolist()
        first, steps = answered(y)
        assert (first, steps) == (marks[1] + 1, 2)
        assert any(items[i] == asked and items[i + 1] == y[first : first + 2].tolist() for i in range(len(items) - 1))
        counts.add(len(items))
    assert counts == {2, 3, 4}


@pytest.mark.parametrize("name", NAMES)
def test_the_source_states_the_shapes_and_the_seed_defines_the_data(name):
    one, same, other = (load_data(name, options={**FEW, "seed": seed}) for seed in (1, 1, 2))
    assert source(name).shape == one.train.x.shape[1:]
    assert source(name).outputs == one.outputs == one.train.y.shape[2]
    assert (len(one.train.x), len(one.test.x)) == (60, 1000)
    np.testing.assert_array_equal(one.train.x, same.train.x)
    np.testing.assert_array_equal(one.train.y, same.train.y)
    assert np.any(one.train.x != other.train.x)
    assert np.any(one.train.x != one.test.x[:60])


@pytest.mark.parametrize("name", ["copy_bits", "associative_recall"])
def test_a_range_without_lengths_is_refused(name):
    with pytest.raises(BadInput, match=rf"{name}: --d.shortest 7 is above --d.longest 6"):
        load_data(name, options={"shortest": 7, "longest": 6})
