"""Folds, and training and validation splits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.train.data.dataset import Split
from zoo.train.data.split import folds, train_val_split
from zoo.train.errors import BadInput

labels = st.lists(st.integers(0, 4), min_size=2, max_size=80).map(lambda y: np.array(y, np.int32))


@settings(deadline=None)
@given(labels, st.integers(2, 7), st.integers(0, 9))
def test_folds_differ_by_at_most_one_example_in_total_and_per_class(y, count, seed):
    fold = folds(y, count, seed)
    for chosen in (y >= 0, *(y == c for c in range(5))):
        sizes = np.bincount(fold[chosen], minlength=count)
        assert sizes.max() - sizes.min() <= 1


@settings(deadline=None)
@given(labels, st.floats(0.01, 0.99), st.integers(0, 9))
def test_training_and_validation_partition_the_examples_of_each_class(y, share, seed):
    train, held = train_val_split(Split(np.arange(len(y)), y), share, seed)
    assert sorted([*train.x, *held.x]) == list(range(len(y)))
    assert np.array_equal(y[held.x], held.y)
    assert np.array_equal(y[train.x], train.y)
    expected = min(max(round(share * len(y)), 1), len(y) - 1)
    assert len(held.x) == expected
    counts = np.bincount(y, minlength=5)
    lone = (counts == 1).sum()
    for c in range(5):
        assert abs((held.y == c).sum() - (y == c).sum() * expected / len(y)) <= 1 + lone
    if counts.max() > expected + 1:
        assert not (counts[held.y] == 1).any()


def test_regression_and_multilabel_targets_are_split_as_well():
    for y in (np.linspace(0, 1, 10, dtype=np.float32), np.eye(10, dtype=np.int32)):
        train, held = train_val_split(Split(np.arange(10), y), 0.3)
        assert (len(train.y), len(held.y)) == (7, 3)
        assert np.array_equal(held.y, y[held.x])


def test_the_split_depends_on_the_seed_only():
    split = Split(np.arange(100), np.arange(100) % 3)
    once, again, other = (train_val_split(split, 0.2, seed)[1].x.tolist() for seed in (1, 1, 2))
    assert once == again != other


def test_a_seed_gives_the_same_order_in_every_version_of_numpy():
    assert folds(np.zeros(10, np.int32), 5, seed=3).tolist() == [0, 4, 4, 2, 1, 0, 1, 3, 3, 2]


def test_a_fraction_of_0_leaves_all_for_training():
    train, held = train_val_split(Split(np.arange(5), np.arange(5)), 0)
    assert train.x.tolist() == [0, 1, 2, 3, 4]
    assert held.x.shape == (0,)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_fraction_out_of_bounds_raises(share):
    with pytest.raises(BadInput, match="at least 0 and below 1"):
        train_val_split(Split(np.arange(5), np.arange(5)), share)


def test_one_example_cannot_be_split():
    with pytest.raises(BadInput, match="at least 2"):
        train_val_split(Split(np.arange(1), np.arange(1)), 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_the_only_example_of_a_class_stays_in_training(seed):
    y = np.array([0] + [1] * 6 + [2] * 9 + [3])
    train, held = train_val_split(Split(np.arange(len(y)), y), 0.2, seed)
    assert {0, 3} <= set(train.y.tolist())
    assert len(held.y) == 3
