"""Series with drift: the model learns the change from the last value and forecasts in the units of the series."""

import json
from dataclasses import replace

import numpy as np
import pytest

import zoo
from zoo.train import RunOptions, recipe_for, run
from zoo.train.metrics.forecasting import persistence

pytestmark = pytest.mark.usefixtures("quick_compiler")


def walk(steps, drift):
    return 100 + np.cumsum(np.random.default_rng(1).normal(drift, 1, steps))


def trend_and_season(steps):
    t = np.arange(steps)
    return 0.05 * t + 5 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(1).normal(0, 0.5, steps)


def forecast(values, folder, relative, pictures=False, **changed):
    file = folder / "series.csv"
    file.write_text("\n".join(["value", *map(str, values)]))
    data = {"file": str(file), "column": "value", "window": 16, "horizon": 4, "relative": relative}
    recipe = replace(recipe_for("gru", "csv"), d=data, m={"width": 16}, **changed)
    return run(recipe, RunOptions(out=folder / f"run-{relative}", quiet=True, pictures=pictures))


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    return forecast(walk(300, 0.0), tmp_path_factory.mktemp("walk"), relative=True, pictures=True, steps=5)


def test_a_loaded_model_forecasts_values_wherever_they_lie(walked):
    model, test = zoo.load(walked.folder), walked.setup.data.test
    said = model.predict(test.x)
    np.testing.assert_allclose(model.predict(test.x + 64) - 64, said, atol=1e-3)
    np.testing.assert_allclose(model.predict(test.x[3]), said[3], rtol=1e-5)
    assert walked.metrics["rmse"] == pytest.approx(np.sqrt(np.mean((said - test.y) ** 2)), rel=1e-4)


def test_r2_is_that_of_the_change_which_a_level_does_not_flatter(walked):
    told = json.loads((walked.folder / "result.json").read_text())
    assert told["r2"] == pytest.approx(walked.metrics["r2"], abs=1e-4)
    assert told["r2"] < 0.5, "of the values themselves it would be near 1"


@pytest.mark.expensive
@pytest.mark.slow
@pytest.mark.parametrize("values", [walk(1200, 0.3), pytest.param(trend_and_season(1200), marks=pytest.mark.expensive)])
def test_a_drifting_series_is_forecast_no_worse_than_by_its_last_value_and_better_than_by_levels(values, tmp_path):
    by_level, by_change = (forecast(values, tmp_path, relative, epochs=6) for relative in (False, True))
    test = by_change.setup.data.test
    still = np.sqrt(np.mean((persistence(test.x, 4) - test.y) ** 2))
    assert by_change.metrics["rmse"] <= still
    assert by_change.metrics["rmse"] < by_level.metrics["rmse"]
