"""Damage of patterns by flags of the command line, and what is said and written of a recall."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import zoo
from zoo import hopfield
from zoo.hopfield import SETTLED
from zoo.train import RunOptions, recipe_for, run
from zoo.train.__main__ import main as train
from zoo.train.cli.predict import main as predict
from zoo.train.cli.train_args import read
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.tasks import options, task_for
from zoo.train.tasks.recall import damaged, recall

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    recipe = replace(recipe_for("hopfield"), t={"patterns": 4}, expect=None)
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "run", quiet=True))


@pytest.mark.parametrize(
    ("hide", "known"),
    [
        ("lower", np.s_[:, :3]), ("upper", np.s_[:, 2:]), ("left", np.s_[:, :, 2:]), ("right", np.s_[:, :, :2]),
    ],
)  # fmt: skip
def test_half_of_an_image_is_hidden(hide, known, key):
    x = np.ones((2, 5, 4, 1), np.float32)
    wanted = np.zeros_like(x)
    wanted[known] = 1
    np.testing.assert_array_equal(damaged(x, key, 0.0, hide=hide), wanted)


@pytest.mark.parametrize(("hide", "wanted"), [("lower", [1, 1, 1, 0, 0]), ("left", [0, 0, 1, 1, 1])])
def test_of_other_patterns_half_of_the_entries_is_hidden(hide, wanted, key):
    assert damaged(np.ones((1, 5), np.float32), key, 0.0, hide=hide).tolist() == [wanted]


def test_flips_are_usual_only_without_other_damage(key):
    batch = {"x": np.ones((40, 1000), np.float32)}
    flipped, hidden = (recall(**given).inputs(batch, key)["x"] for given in ({}, {"hide": "upper"}))
    assert float(np.mean(flipped == -1)) == pytest.approx(0.15, abs=0.01)
    assert not (np.asarray(hidden) == -1).any()


def test_options_of_the_task_are_flags_and_reach_the_recipe(tmp_path):
    assert [each.name for each in options("recall")] == ["flip", "erase", "hide", "trials"]
    words = ["--model", "hopfield", "--t.hide", "lower", "--t.flip", "0.05", "--t.patterns", "3"]
    made = read(words, "zoo").recipe
    assert (made.t["hide"], made.t["flip"], made.t["patterns"], made.expect) == ("lower", 0.05, 3, None)
    path = tmp_path / "memory.toml"
    path.write_text(read([*words, "--print-config"], "zoo"))
    assert read(["--config", str(path)], "zoo").recipe == made
    page = read(["--model", "hopfield", "--help"], "zoo")
    assert "the task recall:" in page
    assert "--t.hide" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--t.hide", "low"], "'low' is not known; did you mean lower"),
        (["--t.flip", "0.8", "--t.erase", "0.3"], "--t.flip 0.8 and --t.erase 0.3 are shares with a sum of at most 1"),
        (["--t.flop", "0.1"], "unknown flag --t.flop; did you mean --t.flip?"),
        (["--t.trials", "0"], "--t.trials must be a whole number of at least 1, got 0"),
        (["--t.flip", "nan"], "--t.flip must be a number from 0 to 1 or none, got nan"),
    ],
)
def test_bad_damage_is_one_line_of_bad_input(words, message, capsys):
    assert train(["--model", "hopfield", "--dry-run", *words]) == 2
    assert message in capsys.readouterr().err


def test_an_option_of_another_task_is_unknown_and_its_type_is_checked():
    with pytest.raises(BadInput, match=r"supervised has no options, got --t\.hide"):
        run(replace(recipe_for("mlp", "iris"), t={"hide": "lower"}), RunOptions(quiet=True))
    with pytest.raises(BadInput, match=r"--t\.flip must be a number from 0 to 1 or none, got 'much'"):
        run(replace(recipe_for("hopfield"), t={"flip": "much"}), RunOptions(quiet=True))


def test_a_saved_memory_recalls_raw_images_and_what_is_unknown_of_them(finished):
    model, x = finished.load(), finished.setup.data.train.x
    found = model.recall(x)
    np.testing.assert_array_equal(found.nearest, np.arange(4))
    np.testing.assert_array_equal(found.pattern, np.where(x > 8, 1, -1))
    assert (found.ending == SETTLED).all()
    known = np.arange(8)[:, None, None] < 6
    hidden = model.recall(np.where(known, x, 16), known)
    np.testing.assert_array_equal(hidden.pattern, found.pattern)
    np.testing.assert_array_equal(model.recall(x, key=np.int64(3)).pattern, model.recall(x, key=3).pattern)
    with pytest.raises(ValueError, match=r"finite numbers, x\[0, 0, 0, 0\] is nan"):  # not an entry of -1
        model.recall(np.full(x.shape, np.nan))
    with pytest.raises(ValueError, match="mlp recalls no patterns"):
        zoo.load("mlp-iris").recall(np.zeros((1, 4)))


def test_a_saved_memory_is_scored_on_what_it_stores(finished):
    again = evaluate(finished.load())
    assert again.notes == ()
    wanted = {name: value for name, value in finished.metrics.items() if name not in ("step", "epoch")}
    assert again.metrics == pytest.approx(wanted, rel=1e-6)
    assert finished.metrics["load"] == 4 / 64


def test_a_prediction_says_where_the_recall_ended_and_writes_the_recalled_pictures(finished, tmp_path, capsys):
    x = finished.setup.data.train.x
    np.save(tmp_path / "x.npy", x[:2])
    Image.fromarray((x[2, ..., 0] * 15).astype(np.uint8)).save(tmp_path / "three.png")
    places = [str(finished.folder), str(tmp_path / "x.npy"), str(tmp_path / "three.png")]
    assert predict([*places, "--json", "--out", str(tmp_path / "made")]) == 0
    printed = json.loads(capsys.readouterr().out)["predictions"]
    assert [each["stored"] for each in printed] == [0, 1, 2]
    assert all(each["ending"] == "fixed point" and each["overlap_stored"] == 1 for each in printed)
    pictures = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert len(pictures) == 3
    assert "three.png.png" in pictures
    made = np.asarray(Image.open(tmp_path / "made" / "three.png.png"))
    np.testing.assert_array_equal(made, np.where(x[2, ..., 0] > 8, 255, 0))
    assert predict([*places, "--out", str(tmp_path / "made.csv")]) == 0
    assert "stored" in (tmp_path / "made.csv").read_text().splitlines()[0]


def test_cycles_of_synchronous_updates_are_no_recall_and_are_said(key):
    task, model = task_for("recall", flip=0.5, trials=40), hopfield(updates="synchronous", sweeps=4)
    params = {"memory": {"w": jnp.array([[0.0, -1], [-1, 0]]), "patterns": jnp.array([[1.0, -1]])}}
    batch = {"x": params["memory"]["patterns"], "weight": jnp.ones(1)}  # one flip makes the units equal: a cycle
    sums = jax.jit(lambda batch, key: task.scores(model, params, {}, batch, key))(batch, key)
    metrics = {name: float(total / weight) for name, (total, weight) in sums.items()}
    assert (metrics["cycles"], metrics["settled"], metrics["overlap_given"]) == (1, 0, 0)
    assert "cycle of two states" in task.explain(metrics)[1]


def test_damage_needs_a_key_and_the_same_key_gives_the_same_damage(key):
    x = np.ones((3, 50), np.float32)
    np.testing.assert_array_equal(damaged(x, key, 0.3), damaged(x, key, 0.3))
    assert (damaged(x, key, 0.3) != damaged(x, jax.random.fold_in(key, 1), 0.3)).any()


def test_recall_damages_the_given_share_and_nothing_at_inference(key):
    task = recall(flip=0.25, erase=0.5)
    batch = {"x": np.random.default_rng(0).normal(size=(50, 400)).astype(np.float32)}
    clean, given = task.target(batch), task.inputs(batch, key)["x"]
    assert float(np.mean(given == -clean)) == pytest.approx(0.25, abs=0.02)
    assert float(np.mean(given == 0)) == pytest.approx(0.5, abs=0.02)
    np.testing.assert_array_equal(task.inputs(batch, None)["x"], clean)
