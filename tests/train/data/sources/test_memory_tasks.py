"""The adding and copy problems and future tags: inputs and targets by their definitions."""

import numpy as np
import pytest

from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput

FEW = {"examples": 50}


def test_the_target_of_adding_is_the_sum_of_the_two_marked_numbers():
    data = load_data("adding", options={**FEW, "steps": 12})
    x, y, lengths = data.train[:3]
    assert (x.shape, y.shape, lengths) == ((50, 12, 2), (50,), None)
    assert set(np.unique(x[..., 1])) == {0, 1}
    np.testing.assert_array_equal(x[:, :6, 1].sum(1), 1)
    np.testing.assert_array_equal(x[:, 6:, 1].sum(1), 1)
    np.testing.assert_allclose(y, (x[..., 0] * x[..., 1]).sum(1), rtol=1e-6)


def test_a_constant_prediction_of_1_has_an_error_of_a_sixth_in_adding():
    y = load_data("adding", options={"steps": 2}).train.y
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, abs=0.01)


def test_the_word_of_copy_is_repeated_after_the_signal():
    data = load_data("copy", options={**FEW, "delay": 4, "length": 3})
    x, y = data.train[:2]
    names = np.array(data.vocabulary)[x[0]].tolist()
    assert names[3:] == ["blank"] * 3 + ["go"] + ["blank"] * 3
    np.testing.assert_array_equal(x[:, :3], y[:, 7:])
    assert np.all(y[:, :7] == -1)
    assert set(np.unique(x[:, :3])) == set(range(len(data.classes)))


@pytest.mark.parametrize(("reverse", "shift"), [(False, 3), (True, -3)])
def test_a_toss_of_future_is_tagged_with_the_one_some_steps_away(reverse, shift):
    x, y, lengths = load_data("future", options={**FEW, "steps": 10, "reverse": reverse}).train[:3]
    assert set(lengths) <= set(range(5, 11))
    assert lengths.min() < 10
    for coins, tags, length in zip(x[..., 0], y, lengths, strict=True):
        for t, tag in enumerate(tags):
            other = t + shift
            there = t < length and 0 <= other < length
            assert tag == (coins[other] if there else -1)
        assert not coins[length:].any()


@pytest.mark.parametrize("name", ["adding", "copy", "future"])
def test_the_seed_defines_the_data_and_test_examples_differ(name):
    one, same, other = (load_data(name, options={**FEW, "seed": seed}) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.train.x, same.train.x)
    assert np.any(one.train.x != other.train.x)
    assert np.any(one.train.x != one.test.x[:50])
    assert len(one.test.x) == 1000


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("adding", {"steps": 1}, r"--d.steps of \w+ must be a .*number from 2"),
        ("copy", {"delay": 0}, r"--d.delay of \w+ must be a .*number from 1"),
        ("future", {"ahead": 15}, "--d.ahead of future must be from 1 to 14 with --d.steps 30, got 15"),
        ("future", {"examples": 1}, "--d.examples of future must be a whole number from 10"),
    ],
)
def test_values_out_of_bounds_raise(name, options, message):
    with pytest.raises(BadInput, match=message):
        load_data(name, options=options)
