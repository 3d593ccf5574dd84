"""A session is a run: the same numbers, knobs that turn under way, and everything that is shown can be taken home."""

import shlex

import jax
import numpy as np
import pytest

import zoo
from tests.train.playground.pages import Page
from zoo.train.cli.train_args import read as read_command
from zoo.train.config.run_options import RunOptions
from zoo.train.runs.run import run
from zoo.train.trained.model import loads

pytestmark = pytest.mark.usefixtures("quick_compiler")
SMALL = {
    "m.hidden": [4, 3],
    "m.activation": "tanh",
    "sched": "constant",
    "d.examples": 60,
    "batch_size": 10,
    "lr": 0.05,
}
CLOUDS = {"xy": [[(-1) ** i * 2 + i % 5 / 5, i % 7 / 7] for i in range(40)], "label": ["left", "right"] * 20}


@pytest.fixture
def page():
    page = Page()
    yield page
    page.close()


@pytest.fixture
def compiled():
    """Counts the programs that are compiled."""
    found = []

    def listen(name, seconds, **more):
        if "backend_compile" in name:
            found.append(name)

    jax.monitoring.register_event_duration_secs_listener(listen)  # jax 0.7.2 has no public way to take it back
    return found


def steps(page, count):
    for _ in range(count):
        page.ask(do="step")
        found = page.next("frame")
    return found


def test_the_command_repeats_what_the_page_shows(page, tmp_path):
    page.show(**SMALL)
    frame, shown = steps(page, 8)
    page.ask(do="home")
    home = page.next("home")[0]
    page.ask(do="model")
    mine = loads(page.next("file")[1]["content"].tobytes())
    command = read_command(shlex.split(home["command"])[3:], "")
    assert command.recipe.steps == frame["step"] == 8
    again = run(command.recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False)).load()
    for ours, theirs in zip(jax.tree.leaves(mine.params), jax.tree.leaves(again.params), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert mine.metrics["accuracy"] == pytest.approx(frame["scores"]["test"]["accuracy"])
    side = np.linspace(-6, 6, 60)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    np.testing.assert_allclose(mine.probabilities(grid), shown["surface"], atol=1e-5)
    code = {}
    exec(home["python"].replace("model = run(recipe).load()", ""), code)
    assert code["recipe"].m == command.recipe.m
    assert code["recipe"].d["examples"] == 60
    assert 'dataset = "spiral"' in home["toml"]


def test_rates_penalties_and_noise_turn_without_a_restart_and_without_compiling(page, compiled):
    page.show(**SMALL)
    page.show(**SMALL | {"d.noise": 5})  # what only the first change needs
    steps(page, 3)
    before, params = len(compiled), page.session._steps.now.fit["params"]
    old = jax.tree.map(np.array, params)
    built, (frame, _) = page.show(
        **SMALL | {"d.noise": 20, "lr": 0.2, "l2": 0.01, "weight_decay": 0.1, "momentum": 0.5}
    )
    assert built["goes_on"]
    assert frame["step"] == 3
    jax.tree.map(np.testing.assert_array_equal, old, jax.tree.map(np.array, page.session._steps.now.fit["params"]))
    assert steps(page, 2)[0]["step"] == 5
    assert len(compiled) == before
    assert float(page.session._steps.now.fit["numbers"]["lr"]) == pytest.approx(0.2)


@pytest.mark.expensive
def test_a_changed_rate_has_its_effect(page):
    given = SMALL | {"opt": "sgd"}
    page.show(**given)
    old = jax.tree.map(np.array, page.session._steps.now.fit["params"])
    page.show(**given | {"lr": 1e-12})
    steps(page, 3)
    still = jax.tree.map(np.array, page.session._steps.now.fit["params"])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-8), old, still)
    page.show(**given | {"lr": 1.0})
    steps(page, 3)
    moved = jax.tree.leaves(
        jax.tree.map(lambda a, b: float(np.abs(a - b).max()), old, page.session._steps.now.fit["params"])
    )
    assert max(moved) > 1e-3


def test_another_shape_starts_again_and_the_same_shape_again_compiles_nothing(page, compiled):
    page.show(**SMALL)
    steps(page, 2)
    built, (frame, arrays) = page.show(**SMALL | {"m.hidden": [5]})
    assert not built["goes_on"]
    assert frame["step"] == 0
    assert [layer["units"] for layer in built["layers"]] == [5, 1]
    assert arrays["units"].shape == (6, 30, 30)
    before = len(compiled)
    assert page.show(**SMALL)[1][0]["step"] == 0
    steps(page, 2)
    assert len(compiled) == before


def test_an_error_leaves_the_run_as_it_is(page):
    page.show(**SMALL)
    steps(page, 2)
    page.ask(do="state", state={"model": "mlp", "dataset": "spiral", "set": {"lr": -1}})
    with pytest.raises(AssertionError, match="--lr must be a number above 0, got -1"):
        page.next("frame")
    assert steps(page, 1)[0]["step"] == 3


def test_a_loss_that_is_not_finite_pauses_and_a_restart_mends_it(page):
    page.show("linear", "plane", opt="sgd", lr=1e30, sched="constant")
    page.ask(do="play")
    with pytest.raises(AssertionError, match="the loss or its gradient is not finite at step"):
        page.next("blame")
    page.ask(do="restart")
    assert page.next("frame")[0]["playing"] is False
    assert page.session.playing is False


@pytest.mark.expensive
def test_own_points_are_trained_and_their_files_repeat_it(page, tmp_path, monkeypatch):
    given = {"m.hidden": [4], "m.dropout": 0.0, "d.features": ["x", "y", "xy"], "epochs": 2}
    built, _ = page.show("mlp", "points", CLOUDS | {"share": 0.25}, **given)
    assert built["classes"] == ["left", "right"]
    assert built["features"] == ["x", "y", "xy"]
    steps(page, built["length"])
    page.ask(do="model")
    mine = loads(page.next("file")[1]["content"].tobytes())
    page.ask(do="home")
    home = page.next("home")[0]
    monkeypatch.chdir(tmp_path)
    for name, text in home["files"].items():
        (tmp_path / name).write_text(text)
    code = {"zoo": zoo}
    exec(home["python"].replace("epochs=2", "epochs=2, quiet=True"), code)
    for ours, theirs in zip(jax.tree.leaves(mine.params), jax.tree.leaves(code["model"].params), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    command = read_command(shlex.split(home["command"])[3:], "")
    assert (command.recipe.dataset, command.recipe.m["hidden"], command.recipe.epochs) == ("table", (4,), 2)


def test_play_runs_steps_until_it_is_paused(page):
    page.show(**SMALL)
    page.ask(do="play")
    while page.next("frame")[0]["step"] < 200:
        pass
    page.ask(do="pause")
    while page.next("frame")[0]["playing"]:
        pass
    step = page.session._steps.now.step
    assert steps(page, 1)[0]["step"] == step + 1


@pytest.mark.expensive
@pytest.mark.parametrize(
    ("model", "dataset", "given", "kind", "count"),
    [
        ("svm", "circle", {}, "vectors", None),
        ("rbf", "circle", {"m.units": 20}, "centres", 20),
        ("kohonen", "gauss", {"m.rows": 4, "m.columns": 5}, "map", 20),
        ("gan", "gauss", {"m.hidden": [8]}, "samples", 300),
        ("vae", "gauss", {"m.hidden": [8]}, "samples", 300),
        ("elm", "xor", {"m.hidden": 30}, "", 0),
        ("perceptron", "gauss", {}, "", 0),
        ("logistic", "gauss", {}, "", 0),
    ],
)
def test_every_animal_shows_what_it_has(page, model, dataset, given, kind, count):
    built, _ = page.show(model, dataset, **given)
    assert built["places"] == kind
    frame, arrays = steps(page, 1)
    places = arrays.get("places", np.zeros((0, 2)))
    assert len(places) == count if count is not None else 0 < len(places) <= 250
    assert np.abs(places).max(initial=0) < 100
    assert all(np.isfinite(each).all() for each in arrays.values())
    assert all(value is not None for value in frame["scores"]["test"].values())
