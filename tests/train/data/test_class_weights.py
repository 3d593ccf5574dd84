"""Weights of classes by name and balanced, as scikit-learn computes them."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from zoo.train.data.class_weights import class_weights, described_weights, parse_weights


def test_balanced_weights_equal_scikit_learn():
    y = np.repeat([0, 1, 2], [70, 5, 25])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    np.testing.assert_allclose(class_weights("balanced", ("a", "b", "c"), y), expected)


def test_a_class_without_examples_does_not_change_the_others_and_a_step_without_a_target_does_not_count():
    y = np.array([[0, 0, 2, -1], [0, -1, -1, -1]])
    assert class_weights("balanced", ("a", "b", "c"), y) == pytest.approx((2 / 3, 1.0, 2.0))


def test_a_class_that_is_not_named_counts_once():
    assert class_weights("b=4", ("a", "b"), np.zeros(1, int)) == (1.0, 4.0)
    assert class_weights("", ("a", "b"), np.zeros(1, int)) == ()


def test_the_name_of_a_class_may_hold_an_equals_sign():
    assert parse_weights("x=1=2.5, y=3") == {"x=1": 2.5, "y": 3.0}


def test_many_weights_are_cut():
    assert described_weights([1.0] * 10, [str(i) for i in range(10)]).endswith("7 1, ...")
