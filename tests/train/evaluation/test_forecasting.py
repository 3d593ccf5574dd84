"""Forecasts: baselines against theory, scores by hand, the figure and its summary."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from zoo.train.data.dataset import Dataset, Split
from zoo.train.data.windows import sliding_windows
from zoo.train.evaluation.forecasting import in_words, show_forecast
from zoo.train.metrics.forecasting import baselines, linear, persistence, scores, season, seasonal


def data(values, window=8, horizon=3):
    train, test = sliding_windows(np.asarray(values, float), window, horizon, "series")
    return Dataset("series", "regression", train, test, target="load (MW)", outputs=horizon)


def model(rule):
    return SimpleNamespace(predict=rule, about={"model": "lstm"})


def walk(steps=2000):
    return np.cumsum(np.random.default_rng(0).normal(size=steps))


def test_persistence_repeats_the_last_value_and_a_season_itself():
    x = np.arange(6.0).reshape(1, 6, 1)
    assert persistence(x, 4).tolist() == [[5, 5, 5, 5]]
    assert seasonal(x, 7, 3).tolist() == [[3, 4, 5, 3, 4, 5, 3]]
    assert seasonal(x, 2, 6).tolist() == [[0, 1]]


def test_the_season_of_a_week_is_found_and_a_random_walk_has_none():
    week = np.tile([3.0, 1, 4, 1, 5, 9, 2], 40) + 0.1 * np.random.default_rng(0).normal(size=280)
    found = data(week, window=20)
    assert season(found.train) in (7, 14)
    assert "seasonal" in baselines(found.train, 3)
    assert season(data(walk()).train) == 1
    assert list(baselines(data(walk()).train, 3)) == ["persistence", "linear"]


def test_autoregression_finds_the_rule_that_made_the_series():
    x = [0.3, -0.2]
    for _ in range(300):
        x.append(1.6 * x[-1] - 0.9 * x[-2] + 2)
    got = data(x, window=2, horizon=2)
    one, two = linear(got.train)(np.array([[[3.0], [5.0]]]))[0]
    assert one == pytest.approx(1.6 * 5 - 0.9 * 3 + 2, abs=1e-4)
    assert two == pytest.approx(1.6 * one - 0.9 * 5 + 2, abs=1e-4)


def test_autoregression_is_least_squares_however_many_windows_come_at_a_time(monkeypatch):
    got = data(walk(500), window=5, horizon=2)
    table = np.hstack([got.train.x[..., 0].astype(float), np.ones((len(got.train.x), 1))])
    wanted = np.linalg.lstsq(table, got.train.y.astype(float), rcond=None)[0]
    for chunk in (7, 100_000):
        monkeypatch.setattr("zoo.train.metrics.forecasting._CHUNK", chunk)
        said = linear(got.train)(got.test.x)
        np.testing.assert_allclose(said, np.hstack([got.test.x[..., 0], np.ones((len(said), 1))]) @ wanted, atol=1e-5)


@pytest.mark.parametrize("values", [np.full(200, 7.0), 1e6 + np.arange(200.0), np.tile([1.0, 2.0], 100)])
def test_autoregression_stands_windows_that_determine_no_one_rule(values):
    got = data(values, window=20)
    np.testing.assert_allclose(linear(got.train)(got.test.x), got.test.y, rtol=1e-5)


def test_one_window_is_enough_for_a_baseline():
    train = Split(np.array([[[1.0], [2.0]]]), np.array([[3.0]]))
    np.testing.assert_allclose(linear(train)(train.x), [[3.0]], atol=1e-4)


def test_scores_are_those_of_a_calculation_by_hand():
    x = np.array([[[1.0]], [[2.0]], [[4.0]]])
    truth = np.array([[2.0, 4.0], [4.0, 3.0], [3.0, 4.0]])
    said = truth + np.array([[3.0, 1.0], [0.0, -1.0], [-4.0, 1.0]])
    got = scores(truth, said, x, unit=2.0)
    np.testing.assert_allclose(got["rmse"], [(25 / 3) ** 0.5, 1])
    np.testing.assert_allclose(got["mae"], [7 / 3, 1])
    np.testing.assert_allclose(got["mase"], [7 / 6, 0.5])
    still = [((1 + 4 + 1) / 3) ** 0.5, ((9 + 1 + 0) / 3) ** 0.5]
    np.testing.assert_allclose(got["skill"], [1 - (25 / 3) ** 0.5 / still[0], 1 - 1 / still[1]])


def test_a_series_that_never_changes_has_no_skill_to_speak_of(tmp_path):
    got = show_forecast(model(lambda x: np.full((len(x), 3), 7.0)), data(np.full(100, 7.0)), tmp_path)
    assert (got["rmse"], got["skill"], got["mase"]) == (0, None, None)
    json.dumps(got, allow_nan=False)


def test_the_report_holds_the_model_against_its_baselines_in_plain_values(tmp_path):
    got = data(walk())
    shown = show_forecast(model(lambda x: persistence(x, 3) + 1), got, tmp_path)
    assert list(shown["by_step"]) == ["lstm", "persistence", "linear"]
    assert shown["by_step"]["persistence"]["skill"] == [0, 0, 0]
    assert shown["skill"] < 0
    np.testing.assert_allclose(shown["by_step"]["persistence"]["rmse"], np.sqrt([1, 2, 3]), rtol=0.1)
    assert shown["by_step"]["persistence"]["mase"][0] == pytest.approx(1, rel=0.1)
    whole = np.sqrt(np.mean((persistence(got.test.x, 3) + 1 - got.test.y) ** 2))
    assert shown["rmse"] == pytest.approx(whole, rel=1e-6)
    json.dumps(shown, allow_nan=False)


def test_the_line_for_a_person_warns_where_a_simple_rule_is_as_good():
    def line(own, skill):
        rows = {"gru": own, "persistence": 4.0, "linear": 2.0}
        return in_words({"skill": skill, "by_step": {name: {"rmse": [value]} for name, value in rows.items()}})

    assert line(1.0, 0.75) == "RMSE 1; persistence 4, linear 2; skill 0.75"
    assert line(3.0, 0.25).endswith("skill 0.25: the baseline linear is better")
    assert line(5.0, -0.25).endswith("no better than persistence, do not rely on it")
    assert line(4.0, None).endswith("no better than persistence, do not rely on it")


def test_what_follows_is_forecast_from_the_last_values_of_all(tmp_path):
    asked = []

    def rule(x):
        asked.append(x)
        return np.zeros((len(x), 3))

    shown = show_forecast(model(rule), data(np.arange(60.0)), tmp_path)
    assert asked[-1].ravel().tolist() == list(range(52, 60))
    assert shown["next"] == [0, 0, 0]


@pytest.mark.parametrize(("window", "horizon"), [(1, 1), (20, 1), (3, 9), (5, 40)])
def test_forecasts_of_any_window_and_horizon_are_drawn(window, horizon, tmp_path):
    from matplotlib.image import imread

    got = data(walk(210), window, horizon)

    def rule(x):  # as a model gives it: without the axis of the horizon if there is one step
        said = persistence(x, horizon) + 0.1
        return said[:, 0] if horizon == 1 else said

    for folder in ("a", "b"):
        show_forecast(model(rule), got, tmp_path / folder)
    assert (tmp_path / "a/forecast.png").read_bytes() == (tmp_path / "b/forecast.png").read_bytes()
    assert imread(tmp_path / "a/forecast.png").shape[1] == 960


def test_a_forecast_of_another_shape_is_rejected(tmp_path):
    from zoo.train.plots.forecast import forecast

    with pytest.raises(ValueError, match=r"shape \(4, 2\), the forecast of lstm \(4, 3\)"):
        forecast(np.zeros((4, 5, 1)), np.zeros((4, 2)), {"lstm": np.zeros((4, 3))}, {}, tmp_path / "f.png")
