"""Metrics in the units of the data: any unit, any level, over several batches."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import r2_score

from zoo.train.data.normalize import Scaler
from zoo.train.errors import BadInput
from zoo.train.evaluation.task_for_data import in_units
from zoo.train.tasks import task_for


def scores(task, parts):
    each = [{name: float(metric(*part).mean()) for name, metric in task.metrics.items()} for part in parts]
    return task.finish({name: np.mean([means[name] for means in each]) for name in each[0]})


@pytest.mark.parametrize("unit", [1e-24, 1.0, 1e22])
def test_errors_are_squared_before_they_have_a_unit(unit):
    z = np.random.default_rng(0).normal(size=(2, 50, 2)).astype(np.float32)
    units = unit * np.array([1.0, 0.25])
    got = scores(in_units(task_for("regression", outputs=2), Scaler(np.zeros(2), 1 / units)), [jnp.asarray(z)])
    error = (z[0] - z[1]) * units / unit
    assert got["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)) * unit, rel=1e-5)
    assert got["mae"] == pytest.approx(np.mean(np.abs(error)) * unit, rel=1e-5)
    assert got["mse"] == pytest.approx(np.mean(error**2) * unit**2, rel=1e-5)
    assert got["rmse"] >= got["mae"] > 0


@pytest.mark.parametrize("unit", [1e-160, 1e160])
def test_values_whose_squares_leave_float64_are_refused_with_their_column(unit):
    with pytest.raises(BadInput, match=r"vary by about 1e[-+]160 in column 1 .*another unit"):
        in_units(task_for("regression", outputs=2), Scaler(np.zeros(2), 1 / np.array([unit / 10, unit])))


def test_r2_of_test_targets_far_from_those_of_the_training_is_scikit_learns():
    y = 2000 + 0.05 * np.random.default_rng(1).normal(size=(4, 100))
    task = in_units(task_for("regression"), Scaler(np.zeros(1), np.ones(1)), np.float32([2000.0]))
    parts = [(jnp.full((100, 1), 1858.0), jnp.asarray(part, jnp.float32)) for part in y]
    assert scores(task, parts)["r2"] == pytest.approx(r2_score(y.ravel(), np.full(400, 1858.0)), rel=0.01)
