"""Precision and recall of point sets against values by hand."""

import numpy as np
import pytest

from zoo.train.metrics.precision_recall import precision_recall

RNG = np.random.default_rng(0)


def test_equal_sets_have_full_precision_and_recall():
    points = RNG.normal(size=(700, 5))
    assert precision_recall(points, points) == (1.0, 1.0)


def test_one_mode_of_two_has_full_precision_and_half_the_recall():
    left, right = RNG.normal(size=(300, 4)), RNG.normal(20, 1, size=(300, 4))
    precision, recall = precision_recall(np.concatenate([left, right]), left + RNG.normal(size=left.shape) * 1e-3)
    assert precision == 1
    assert recall == pytest.approx(0.5, abs=0.005)


def test_distant_sets_have_no_precision_and_no_recall():
    assert precision_recall(RNG.normal(size=(50, 3)), RNG.normal(100, 1, size=(60, 3))) == (0.0, 0.0)


def test_the_radius_of_a_ball_is_the_distance_to_the_kth_neighbour():
    """Around 0, 1, 3 and 7 the second neighbour is 3, 2, 3 and 6 away: 9.5 lies in the ball of 7 alone."""
    real = np.array([[0.0], [1.0], [3.0], [7.0]])
    generated = np.array([[9.5], [13.5], [-2.9], [-3.1], [40.0]])
    assert precision_recall(real, generated, k=2)[0] == pytest.approx(2 / 5)


def test_too_few_points_raise():
    with pytest.raises(ValueError, match="more than k = 3 points in each set, got 3 and 9"):
        precision_recall(np.zeros((3, 1)), np.zeros((9, 1)))


@pytest.mark.parametrize("away", [1e6, 1e9])
def test_far_from_the_origin_the_answer_is_that_at_the_origin(away):
    real, generated = np.round(RNG.normal(size=(2, 200, 3)) * 1024) / 1024  # exact at both places
    exact = precision_recall(real, generated)
    assert 0.5 < exact[0] < 1
    assert precision_recall(real + away, generated + away) == exact
    assert precision_recall(real, generated + away) == (0.0, 0.0)
