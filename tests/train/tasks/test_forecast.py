"""Scores of a forecast: free running and one step ahead are measured apart, with persistence beside each."""

from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.normalize import Scaler
from zoo.train.errors import BadInput
from zoo.train.evaluation.task_for_data import in_units
from zoo.train.runs.setup import setup
from zoo.train.tasks.forecast import forecast, free_run, starts

WASHOUT, HORIZON = 10, 4


class Doubling(SimpleNamespace):
    """Forecasts twice the value, so that free running gives powers of 2."""

    washout = WASHOUT

    @staticmethod
    def features(params, state, x):
        return x

    @staticmethod
    def generate(params, state, rows, steps):
        return rows[:, None] * 2.0 ** (1 + jnp.arange(steps))[None, :, None]


class Silent(Doubling):
    """Forecasts 0."""

    @staticmethod
    def generate(params, state, rows, steps):
        return jnp.zeros((len(rows), steps, 1))


def scored(x, model=Doubling):
    task = forecast(HORIZON)
    batch = {"x": jnp.asarray(x, jnp.float32), "weight": jnp.ones(len(x))}
    sums = task.scores(model, {}, {}, batch, None)
    return task, {name: np.asarray(total / weight) for name, (total, weight) in sums.items()}


def test_scores_are_those_of_numpy():
    x = np.random.default_rng(0).normal(size=(2, 40, 1))
    task, means = scored(x)
    found, spread = task.finish(means), np.mean([np.var(each[WASHOUT:]) for each in x])
    one = 2 * x[:, 9:-1] - x[:, 10:]
    assert found["one_step_nrmse"] == pytest.approx(np.sqrt(np.mean(one**2) / spread), rel=1e-4)
    free = 16 * x[:, 9:36] - x[:, 13:40]
    assert found["free_nrmse"] == pytest.approx(np.sqrt(np.mean(free**2) / spread), rel=1e-4)
    still = x[:, 9:36] - x[:, 13:40]
    assert found["persistence_free_nrmse"] == pytest.approx(np.sqrt(np.mean(still**2) / spread), rel=1e-4)
    assert "free_mse" not in found, "the series is shorter than the long free run"


def test_the_long_free_run_is_in_the_unit_of_the_data():
    x = np.zeros((1, 600, 1))
    x[:, WASHOUT:] = 3.0
    task, means = scored(x, Silent)
    task = in_units(task, Scaler(np.zeros(1), np.full(1, 0.1)))
    found = task.finish(means)
    assert found["free_mse"] == pytest.approx(900, rel=1e-4)
    assert found["persistence_free_mse"] == pytest.approx(900, rel=1e-4)


def test_free_runs_start_evenly_behind_the_washout_and_end_with_the_series():
    found = starts(1000, 100, 84)
    assert (found[0], found[-1], len(found)) == (99, 915, 100)
    assert set(np.diff(found)) == {8, 9}
    with pytest.raises(BadInput, match="has 183 values; to score a forecast it needs at least 184"):
        starts(183, 100, 84)


def test_a_series_is_forecast_in_its_own_unit():
    class Trained:
        model, params, state = Doubling, {}, {}
        about: ClassVar = {"model": "esn", "made_for": {"outputs": 3}, "target": "load"}
        scaler = Scaler(np.full(1, 1e9), np.full(1, 0.5))

    x = 1e9 + np.arange(12.0)[None, :, None]
    assert free_run(Trained, x, 2).ravel().tolist() == [1e9 + 22, 1e9 + 44]
    (found,) = forecast(3).describe(Trained, x, None)
    assert found == {"values": [1e9 + 22, 1e9 + 44, 1e9 + 88], "unit": "load", "mode": "free running"}
    with pytest.raises(BadInput, match="has 10 values, esn forecasts after more than 10"):
        free_run(Trained, x[:, :10], 2)


@pytest.mark.parametrize(
    ("values", "part"), [(90, "has 72 values, which leaves no step"), (400, "has 80 values; to score")]
)
def test_a_series_too_short_to_learn_or_to_score_is_refused_before_a_folder_is_made(values, part, tmp_path):
    (tmp_path / "own.csv").write_text("v\n" + "\n".join(f"{i % 7}" for i in range(values)))
    recipe = replace(recipe_for("esn", "csv"), m={"units": 12, "degree": 3})
    recipe = replace(recipe, d=recipe.d | {"file": str(tmp_path / "own.csv"), "column": "v", "whole": True})
    with pytest.raises(BadInput, match=part):
        run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    assert not (tmp_path / "run").exists()


def test_the_check_before_a_run_and_its_evaluations_share_one_trace():
    parts, traces = setup(replace(recipe_for("esn", "sine"), m={"units": 12, "degree": 3})), []
    evaluation = parts.evaluations["test"]
    scored = evaluation.trainer.evaluate
    evaluation.trainer = evaluation.trainer._replace(evaluate=lambda *given: traces.append(1) or scored(*given))
    parts.checked()
    evaluation(parts.advance.init(parts.key), parts.key)
    assert traces == [1]
