"""Scores of targets as users hold them: names, whole numbers as they stand in a table, and what is no class."""

import numpy as np
import pytest

import zoo
from zoo.train.errors import BadInput
from zoo.train.trained.labels import indices_of

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize(
    ("y", "labels", "indices"),
    [
        ([1, 3, 2], ["1", "2", "3"], [0, 2, 1]),  # names of a table's classes, not indices
        ([0, 2, 1], ["1", "2", "3"], [0, 2, 1]),
        ([1, 0], ["cat", "dog"], [1, 0]),
        ([True, False], ["no", "yes"], [1, 0]),
        (np.array([7, 5], object), [5, 7], [1, 0]),
        ([5.0, 7.0], [5, 7], [0, 1]),
        (["5", "7"], [5, 7], [-1, -1]),
        ([0.5, 1.0], ["a", "b"], [-1, -1]),
    ],
)
def test_targets_are_found_by_their_value(y, labels, indices):
    assert indices_of(np.array(y), np.array(labels)).tolist() == indices


def test_a_target_that_is_no_class_of_the_model_is_refused():
    model, x = zoo.load("mlp-iris"), np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
    assert model.score(x, ["setosa", "virginica"]) == model.score(x, [0, 2]) == 1
    with pytest.raises(BadInput, match=r"score: y, row 1 \(counted from 0\) is rose, which is no class .*'setosa'"):
        model.score(x, ["setosa", "rose"])
