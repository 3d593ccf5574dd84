"""Data with more digits than float32: stamps, offsets, extreme units; trained, scored and predicted alike."""

from dataclasses import replace

import numpy as np
import pytest

import zoo
from zoo.train import RunOptions, recipe_for, run
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.pipeline.stream import Stream

pytestmark = pytest.mark.usefixtures("quick_compiler")


def stamps(n=600):
    """Milliseconds since 1970 in two days, and the classes before and after a moment between them."""
    x = 1_700_000_000_000 + np.random.default_rng(0).integers(0, 172_800_000, (n, 2))
    return x, (x[:, 0] > 1_700_000_000_000 + 86_400_000).astype(np.int32)


def metres(n=600):
    """UTM coordinates of a field of 20 m."""
    x = np.array([432_100.0, 5_812_300.0]) + 20 * np.random.default_rng(1).random((n, 2))
    return x, (x[:, 1] > 5_812_310).astype(np.int32)


def signal(n=600):
    """Inputs, and a target that is their exact sum at a level of 1e8."""
    x = np.random.default_rng(2).normal(size=(n, 3))
    return x, 1e8 + x.sum(axis=1)


def options(folder):
    return RunOptions(out=folder / "run", quiet=True, pictures=False)


def trained(folder, model, x, y, **changed):
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    name = "npy_table" + "_values" * (y.dtype.kind == "f")
    recipe = replace(recipe_for(model, name), d={"folder": str(folder)}, opt="adam", lr=0.1, batch_size=32, **changed)
    return run(recipe, options(folder))


@pytest.mark.parametrize("kind", [np.int64, np.uint64, np.float64])
def test_stamps_in_milliseconds_are_told_apart_and_predicted_as_they_were_scored(kind, tmp_path):
    x, y = stamps()
    result = trained(tmp_path, "logistic", x.astype(kind), y, epochs=6)
    assert result.metrics["accuracy"] >= 0.97
    test = result.setup.data.test
    assert test.x.dtype == kind
    said = zoo.load(result.folder).predict(test.x)
    assert np.mean(said == test.y) == pytest.approx(result.metrics["accuracy"], abs=1e-6)


def test_coordinates_far_from_0_are_told_apart(tmp_path):
    assert trained(tmp_path, "logistic", *metres(), epochs=6).metrics["accuracy"] >= 0.97


class Loader:
    """Batches of 32 rows, from the first to the last and again."""

    def __init__(self, x, y):
        self.x, self.y, self.at = x, y, 0

    def __iter__(self):
        return self

    def __next__(self):
        rows = np.arange(self.at, self.at + 32) % len(self.x)
        self.at += 32
        return {"x": self.x[rows], "y": self.y[rows]}

    def get_state(self):
        return self.at

    def set_state(self, state):
        self.at = state


def test_stamps_of_a_stream_are_told_apart(tmp_path):
    x, y = stamps()
    stream = Stream(Loader(x[:480], y[:480].astype(np.int64)), {"x": x[480:], "y": y[480:]}, steps_per_epoch=15)
    recipe = replace(recipe_for("logistic", "npy_table"), opt="adam", lr=0.1, epochs=6)
    result = run(recipe, options(tmp_path), stream=stream)
    assert result.metrics["accuracy"] >= 0.97


def test_a_target_of_a_large_level_is_predicted_in_float64(tmp_path):
    result = trained(tmp_path, "linear", *signal(), epochs=20)
    test, model = result.setup.data.test, zoo.load(result.folder)
    assert result.metrics["r2"] > 0.999
    said = model.predict(test.x)
    assert said.dtype == np.float64
    assert result.metrics["rmse"] == pytest.approx(np.sqrt(np.mean((said - test.y) ** 2)), rel=1e-4)
    assert evaluate(model).metrics["rmse"] == pytest.approx(result.metrics["rmse"], rel=1e-6)


@pytest.mark.parametrize(
    ("level", "unit", "relative"),
    [
        *((1e8, 1.0, relative) for relative in (False, True)),
        (0.0, 1e22, False),
        *(
            pytest.param(0.0, *each, marks=pytest.mark.expensive)
            for each in ((1e-24, False), (1e22, True), (1e-24, True))
        ),
    ],
)
def test_a_series_is_forecast_and_scored_at_any_level_and_in_any_unit(level, unit, relative, tmp_path):
    wave = level + unit * np.sin(np.arange(300) / 5)
    file = tmp_path / "wave.csv"
    file.write_text("\n".join(["value", *map(repr, wave.tolist())]))
    data = {"file": str(file), "column": "value", "window": 8, "horizon": 2, "relative": relative}
    result = run(replace(recipe_for("gru", "csv"), m={"width": 4}, d=data, epochs=1), options(tmp_path))
    test, got = result.setup.data.test, result.metrics
    still = np.sqrt(np.mean((test.x[:, -1, 0] - test.y[:, 0]) ** 2))
    assert still == pytest.approx(unit * 0.141, rel=0.05)  # 2 sin(0.1) / sqrt(2)
    assert got["rmse"] >= got["mae"] > 0
    error = zoo.load(result.folder).predict(test.x) - test.y
    assert got["rmse"] == pytest.approx(np.sqrt(np.mean((error / unit) ** 2)) * unit, rel=1e-3)
    assert got["mae"] == pytest.approx(np.mean(np.abs(error)), rel=1e-3)
