"""Forecasts on the page are those of the model that is taken home: one step ahead, and by free running."""

import shlex

import numpy as np
import pytest

from tests.train.playground.pages import Page
from zoo.train.cli.train_args import read as read_command
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import load_data
from zoo.train.runs.run import run
from zoo.train.trained.model import loads

pytestmark = pytest.mark.usefixtures("quick_compiler")
WINDOWS = {"d.window": 8, "d.horizon": 3, "m.width": 6, "batch_size": 16, "sched": "constant"}
SHORT = {"d.steps": 220, **WINDOWS}
WAVE = {"values": [round(float(np.sin(i / 3) + i / 50), 4) for i in range(150)]}


@pytest.fixture
def page():
    page = Page()
    yield page
    page.close()


def steps(page, count):
    for _ in range(count):
        page.ask(do="step")
        found = page.next("frame")
    return found


def taken_home(page):
    page.ask(do="model")
    return loads(page.next("file")[1]["content"].tobytes())


@pytest.mark.parametrize("relative", [False, True])
def test_forecasts_of_windows_are_those_of_the_model_and_free_running_reads_its_own(page, relative):
    given = SHORT | {"d.relative": relative}
    built, (_, first) = page.show("rnn", "sine", **given)
    assert built["stage"] == "series"
    frame, arrays = steps(page, 4)
    assert np.abs(arrays["one"] - first["one"]).max() > 1e-3
    model = taken_home(page)
    data = load_data("sine", options={"steps": 220, "window": 8, "horizon": 3, "relative": relative})
    count = len(arrays["one"])
    np.testing.assert_allclose(arrays["one"], model.predict(data.test.x)[:count, 0], atol=1e-4)
    window, made = data.test.x[:1], []
    while len(made) < count:
        block = model.predict(window)
        made += block[0].tolist()
        window = np.concatenate([window, block[..., None]], axis=1)[:, -8:]
    np.testing.assert_allclose(arrays["free"], made[:count], atol=1e-3)
    assert frame["scores"]["test"]["rmse"] == pytest.approx(model.metrics["rmse"])


def test_the_series_of_the_page_is_whole_and_forecasts_begin_with_its_test_part(page):
    page.ask(do="state", state={"model": "rnn", "dataset": "series", "set": WINDOWS, "series": WAVE})
    built, arrays = page.next("built")
    np.testing.assert_allclose(arrays["values"], WAVE["values"], atol=1e-6)
    assert (built["cut"], built["start"], built["window"], built["horizon"]) == (120, 120, 8, 3)
    assert {"d.window", "d.horizon", "d.relative"} <= {knob["name"] for knob in built["knobs"]}
    assert "d.file" not in {knob["name"] for knob in built["knobs"]}


def test_a_reservoir_is_solved_in_one_step_and_runs_freely_on_its_own_forecasts(page):
    given = {"m.units": 40, "m.washout": 20, "d.steps": 600, "d.horizon": 10}
    built, _ = page.show("esn", "mackey_glass", **given)
    frame, arrays = steps(page, 1)
    assert (built["length"], built["start"] - built["cut"], frame["step"]) == (1, 20, 1)
    model = taken_home(page)
    data = load_data("mackey_glass", options={"steps": 600, "horizon": 10, "whole": True})
    x = np.asarray(data.test.x, np.float64)
    made = model.scaler.invert
    for i in range(0, 30, 6):  # each forecast is that by the true values up to the start and the forecasts since
        read = np.concatenate([x[0, :20, 0], arrays["free"][:i]])[None, :, None]
        assert arrays["free"][i] == pytest.approx(made(model.outputs(read))[0, -1, 0], abs=1e-4)
    np.testing.assert_allclose(arrays["one"], made(model.outputs(x))[0, 19:-1, 0], atol=1e-5)
    assert np.abs(arrays["one"] - x[0, 20:, 0]).max() < 0.05
    assert steps(page, 1)[0]["step"] == 1  # there is no second one


def test_a_rate_turns_and_noise_changes_without_a_restart(page):
    page.show("rnn", "sine", **SHORT)
    steps(page, 2)
    built, (frame, _) = page.show("rnn", "sine", **SHORT | {"lr": 0.1, "d.noise": 0.5})
    assert (built["goes_on"], frame["step"]) == (True, 2)
    built, (frame, _) = page.show("rnn", "sine", **SHORT | {"d.relative": True})
    assert (built["goes_on"], frame["step"]) == (False, 0)


@pytest.mark.expensive
def test_the_command_repeats_a_run_on_a_drawn_series(page, tmp_path, monkeypatch):
    page.show("gru", "series", WAVE, **WINDOWS)
    steps(page, 3)
    mine = taken_home(page)
    page.ask(do="home")
    home = page.next("home")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "series.csv").write_text(home["files"]["series.csv"])
    command = read_command(shlex.split(home["command"])[3:], "")
    again = run(command.recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False)).load()
    x = np.asarray(WAVE["values"])[None, 40:48, None]
    np.testing.assert_allclose(mine.predict(x), again.predict(x), rtol=1e-4)
    code = {}
    exec(home["python"].replace("model = run(recipe).load()", ""), code)
    assert {**code["recipe"].d, "encoding": ""} == command.recipe.d
    assert 'column = "value"' in home["toml"]


@pytest.mark.expensive
@pytest.mark.parametrize("model", ["rnn", "lstm", "gru", "transformer"])
def test_every_model_of_series_forecasts_live(page, model):
    given = {"d.steps": 220, "d.window": 8, "d.horizon": 3, "m.width": 8}
    page.show(model, "mackey_glass", **given)
    frame, arrays = steps(page, 1)
    assert all(np.isfinite(each).all() for each in arrays.values())
    assert frame["scores"]["train"]["loss"] > 0
