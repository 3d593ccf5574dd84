"""Sequences of bits whose answer an algorithm gives: each is answered by hand from what is read."""

import numpy as np
import pytest

from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput

FEW = {"examples": 50}


def test_the_answer_of_copy_bits_is_what_came_before_the_end_mark():
    x, y, lengths = load_data("copy_bits", options={**FEW, "longest": 4, "bits": 3}).train
    assert (x.shape, y.shape, x.dtype) == ((50, 9, 4), (50, 9, 3), np.float32)
    for given, wanted, length in zip(x, y, lengths, strict=True):
        (end,) = np.flatnonzero(given[:, 3])
        assert length == 2 * end + 1
        np.testing.assert_array_equal(wanted[end + 1 : length], given[:end, :3])
        assert not given[end + 1 :].any()
        assert np.all(np.delete(wanted, range(end + 1, length), axis=0) == -1)
    assert set(lengths) == {3, 5, 7, 9}


def test_sequences_of_one_length_have_no_others():
    lengths = load_data("copy_bits", options={**FEW, "shortest": 4, "longest": 4}).test.lengths
    assert set(lengths) == {9}


def test_the_answer_of_repeat_copy_is_the_items_several_times_and_then_a_mark():
    x, y, lengths = load_data("repeat_copy", options={**FEW, "longest": 3, "repeats": 4, "bits": 5}).train
    for given, wanted, length in zip(x, y, lengths, strict=True):
        (end,) = np.flatnonzero(given[:, 5])
        times = round(4 * given[end, 5])
        answer = np.pad(np.tile(given[:end, :5], (times, 1)), ((0, 1), (0, 1)))
        answer[-1, 5] = 1
        np.testing.assert_array_equal(wanted[end + 1 : length], answer)
        assert np.all(wanted[: end + 1] == -1)
        assert np.all(wanted[length:] == -1)


def test_the_answer_of_associative_recall_is_the_item_behind_the_one_that_is_asked_for():
    x, y, lengths = load_data("associative_recall", options={**FEW, "longest": 4, "bits": 5}).train
    seen = set()
    for given, wanted, length in zip(x, y, lengths, strict=True):
        start, stop = np.flatnonzero(given[:, 6])
        items = given[:start, :5].reshape(-1, 4, 5)[:, 1:]
        np.testing.assert_array_equal(np.flatnonzero(given[:, 5]), np.arange(0, start, 4))
        (asked,) = [i for i, item in enumerate(items[:-1]) if np.array_equal(item, given[start + 1 : stop, :5])]
        np.testing.assert_array_equal(wanted[stop + 1 : length], items[asked + 1])
        assert not given[stop + 1 :].any()
        seen.add((len(items), asked))
    assert seen == {(2, 0), (3, 0), (3, 1), (4, 0), (4, 1), (4, 2)}


@pytest.mark.parametrize("name", ["copy_bits", "associative_recall"])
def test_a_shortest_sequence_longer_than_the_longest_is_refused(name):
    with pytest.raises(BadInput, match=f"--d.shortest 9 of {name} is above --d.longest 5: reduce the first or raise"):
        load_data(name, options={"shortest": 9, "longest": 5})


def test_images_of_multi_digits_show_two_digits_of_the_held_out_fifth_or_of_the_others():
    digits = load_data("digits")
    data = load_data("multi_digits", options={**FEW, "shift": 2})
    for split, source in ((data.train, digits.train), (data.test, digits.test)):
        assert split.x.shape[1:] == (10, 10, 1)
        assert np.all(split.y.sum(axis=1) == 2)
        for image, classes in zip(split.x[:3], split.y[:3], strict=True):
            cut = [image[i : i + 8, j : j + 8] for i in range(3) for j in range(3)]
            for number in np.flatnonzero(classes):
                one = source.x[source.y == number]
                assert any(np.all(one <= part, axis=(1, 2, 3)).any() for part in cut)
