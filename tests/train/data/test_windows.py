"""Windows of a series: their content, chronological splits, no leak from test to training."""

import numpy as np
import pytest

from zoo.train.data.dataset import Split
from zoo.train.data.windows import (
    chronological_split,
    differenced,
    hold_back_steps,
    shortest,
    sliding_windows,
    whole_series,
)
from zoo.train.errors import BadInput

SIZES = [(1, 1, 40), (3, 2, 50), (8, 5, 50), (4, 10, 53), (30, 1, 61), (5, 1, 1003)]


@pytest.mark.parametrize(("window", "horizon", "steps"), SIZES)
def test_every_window_is_followed_by_its_horizon_and_one_step_after_the_previous(window, horizon, steps):
    for x, y in (part[:2] for part in sliding_windows(np.arange(float(steps)), window, horizon, "series")):
        assert x.shape[1:] == (window, 1)
        assert y.shape == (len(x), horizon)
        assert x.dtype == y.dtype == np.float64
        rows = np.concatenate([x[..., 0], y], axis=1)
        assert (np.diff(rows, axis=0) == 1).all()
        assert (np.diff(rows, axis=1) == 1).all()


@pytest.mark.parametrize(("window", "horizon", "steps"), SIZES)
def test_the_last_fifth_is_the_target_of_the_test_split_and_never_in_training(window, horizon, steps):
    train, test = sliding_windows(np.arange(float(steps)), window, horizon, "series")
    cut = steps - steps // 5
    assert train.x[0, 0, 0] == 0
    assert max(train.x.max(), train.y.max()) == cut - 1
    assert sorted(set(test.y.ravel())) == list(range(cut, steps))
    assert test.x[0, -1, 0] == cut - 1  # the test's first forecast is made when training ends
    assert len(test.y) == steps // 5 - horizon + 1


@pytest.mark.parametrize(("window", "horizon"), [(w, h) for w in (1, 2, 7, 40) for h in (1, 3, 9, 60)])
def test_the_shortest_series_is_accepted_and_one_value_less_raises(window, horizon):
    least = shortest(window, horizon)
    train, test = sliding_windows(np.zeros(least), window, horizon, "series")
    assert len(train.x) >= 1
    assert len(test.x) >= 1
    with pytest.raises(BadInput, match=f"a file has {least - 1} values, .* needs at least {least}"):
        sliding_windows(np.zeros(least - 1), window, horizon, "a file")


@pytest.mark.parametrize(("window", "horizon", "name"), [(0, 1, "window"), (3, 0, "horizon"), (-1, 1, "window")])
def test_a_window_or_horizon_out_of_bounds_raises(window, horizon, name):
    with pytest.raises(BadInput, match=f"--d.{name} must be a whole number from 1"):
        sliding_windows(np.zeros(100), window, horizon, "series")


def test_validation_windows_are_the_last_and_share_no_target_with_training():
    train, _ = sliding_windows(np.arange(100.0), 5, 4, "series")
    earlier, later = chronological_split(train, 0.1)
    assert len(later.x) == round(0.1 * len(train.x))
    assert later.y[-1, -1] == train.y[-1, -1]
    assert later.y.min() == earlier.y.max() + 1


@pytest.mark.parametrize("share", [0, 1, -0.1, 0.999])
def test_a_fraction_that_leaves_an_empty_split_raises(share):
    split = Split(np.zeros((20, 3, 1)), np.zeros((20, 2)))
    with pytest.raises(BadInput, match="validation"):
        chronological_split(split, share)


def test_differences_remove_the_level_and_the_last_value_restores_it():
    values = np.random.default_rng(0).normal(size=40).cumsum()
    here, there = (sliding_windows(values + level, 5, 3, "series")[0] for level in (0, 1000))
    some, same = differenced(here), differenced(there)
    np.testing.assert_allclose(some.x, same.x, atol=1e-3)
    np.testing.assert_allclose(some.y, same.y, atol=1e-3)
    np.testing.assert_allclose(some.y + here.x[:, -1], here.y, atol=1e-5)
    assert not some.x[:, -1].any()


def test_the_last_steps_of_a_whole_series_are_held_back():
    train, held = hold_back_steps(whole_series(np.arange(50.0), 2, "fifty")[0], 0.25)
    assert (train.x.ravel().tolist(), held.x.ravel().tolist()) == (list(range(30)), list(range(30, 40)))
    assert held.y.ravel().tolist() == list(range(31, 40))
    with pytest.raises(BadInput, match="leaves none for training"):
        hold_back_steps(train, 0.99)
