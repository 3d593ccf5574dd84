"""The regression metrics against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as peer

from zoo.train.metrics import regression as metrics

TRUE, GUESS = np.random.default_rng(1).normal(size=(2, 50, 3)) + 100


def test_metrics_equal_scikit_learn_for_one_and_several_outputs():
    for y, guess in ((TRUE, GUESS), (TRUE[:, 0], GUESS[:, 0]), (TRUE[:, :1], GUESS[:, 0])):
        assert metrics.r2(y, guess) == pytest.approx(peer.r2_score(y, guess))
        assert metrics.mae(y, guess) == pytest.approx(peer.mean_absolute_error(y, guess))
        assert metrics.rmse(y, guess) == pytest.approx(peer.mean_squared_error(y, guess) ** 0.5)


def test_r2_of_constant_targets_equals_scikit_learn():
    for guess in ([3.0, 3.0], [3.0, 4.0]):
        assert metrics.r2([3.0, 3.0], guess) == peer.r2_score([3.0, 3.0], guess)


@pytest.mark.parametrize("unit", [1e-200, 1e-24, 1e22, 1e200])
def test_errors_scale_with_the_unit_and_r2_does_not(unit):
    for measure in (metrics.rmse, metrics.mae):
        assert measure(TRUE * unit, GUESS * unit) == pytest.approx(measure(TRUE, GUESS) * unit)
    assert metrics.r2(TRUE * unit, GUESS * unit) == pytest.approx(metrics.r2(TRUE, GUESS))


def test_shapes_that_differ_raise():
    with pytest.raises(ValueError, match=r"r2: y \(50, 3\) and predicted \(50,\)"):
        metrics.r2(TRUE, GUESS[:, 0])
