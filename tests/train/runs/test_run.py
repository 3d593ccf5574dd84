"""A run: the folder that it leaves, the model that can be loaded from it, what happens when it goes wrong."""

import dataclasses
import json
import os
import re
import struct
import subprocess
import sys

import chex
import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes

import zoo
from zoo.train import recipe_for, run, trainers
from zoo.train.callback import Callback
from zoo.train.config.recipe import Recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Place, load_data
from zoo.train.engine.loop import Diverged
from zoo.train.errors import BadInput, CheckpointUnusable
from zoo.train.runs.setup import setup
from zoo.train.tree import flatten

pytestmark = pytest.mark.usefixtures("quick_compiler")
SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=4)


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    return run(SHORT, RunOptions(out=tmp_path_factory.mktemp("runs") / "iris", quiet=True))


def test_a_run_leaves_configuration_metrics_model_pictures_and_result(iris):
    left = {str(path.relative_to(iris.folder)) for path in iris.folder.rglob("*") if path.is_file()}
    kept = {name for name in left if name.startswith("checkpoints/")}
    assert {"checkpoints/32/state.safetensors", "checkpoints/32/manifest.json"} <= kept
    left -= kept | {".lock"}
    assert left == {
        "config.json",
        "metrics.jsonl",
        "model.safetensors",
        "result.json",
        "plots/curves.png",
        "plots/confusion.png",
        "plots/decisions.png",
    }


def test_the_configuration_says_recipe_versions_devices_and_command(iris):
    config = json.loads((iris.folder / "config.json").read_text())
    assert config["recipe"]["model"] == "mlp"
    assert config["recipe"]["epochs"] == 4
    assert config["versions"]["jax"] == jax.__version__
    assert config["argv"]
    assert config["devices"]


def test_metrics_are_rows_of_rising_steps_without_a_clock(iris):
    rows = [json.loads(line) for line in (iris.folder / "metrics.jsonl").read_text().splitlines()]
    assert rows == iris.rows
    steps = [row["step"] for row in rows if row["split"] == "train"]
    assert steps == sorted(set(steps))
    assert {"loss", "accuracy", "lr", "grad_norm"} <= set(rows[0])
    assert not {"seconds", "time"} & set(rows[0])


def test_two_runs_of_one_recipe_give_the_same_bits(iris, tmp_path):
    again = run(SHORT, RunOptions(out=tmp_path / "again", quiet=True, pictures=False))
    assert again.rows == iris.rows
    chex.assert_trees_all_equal(again.load().params, iris.load().params)
    other = run(dataclasses.replace(SHORT, seed=1), RunOptions(out=tmp_path / "other", quiet=True, pictures=False))
    assert other.rows != iris.rows


def test_a_loaded_model_predicts_from_raw_inputs_what_the_run_measured(iris):
    model = zoo.load(iris.folder)
    test = load_data("iris", Place(), {}).test
    assert np.mean(model.predict_indices(test.x) == test.y) == pytest.approx(iris.metrics["accuracy"])
    np.testing.assert_allclose(model.probabilities(test.x).sum(-1), 1, rtol=1e-5)
    assert model.classes == ("setosa", "versicolor", "virginica")


def test_one_example_without_the_batch_axis_gives_one_answer(iris):
    model, test = zoo.load(iris.folder), load_data("iris", Place(), {}).test
    assert model.predict(test.x[0]) == model.predict(test.x[:1])[0]
    assert model.probabilities(test.x[0]).shape == (3,)


def test_a_large_batch_is_answered_like_its_parts(iris):
    model, test = zoo.load(iris.folder), load_data("iris", Place(), {}).test
    many = np.resize(test.x, (2100, 4))
    np.testing.assert_allclose(model.outputs(many)[:30], model.outputs(test.x), rtol=1e-5, atol=1e-5)
    assert len(model.outputs(many)) == 2100


@pytest.mark.fault(row=16)
@pytest.mark.parametrize("shape", [(5,), (2, 5), (0, 4), (2, 4, 1), ()])
def test_an_input_of_another_shape_is_refused_with_the_shape_that_is_wanted(iris, shape):
    with pytest.raises(ValueError, match=r"mlp reads inputs \(batch, 4\) or one of \(4\), got shape"):
        zoo.load(iris.folder).predict(np.zeros(shape))


@pytest.mark.fault(row=16)
@settings(max_examples=40, deadline=None)
@given(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5).filter(lambda shape: shape[-1:] != (4,)))
def test_whatever_other_shape_comes_the_message_names_it(shape):
    with pytest.raises(ValueError, match=r"mlp reads inputs .*, got shape " + re.escape(str(shape))):
        zoo.load("mlp-iris").predict(np.zeros(shape))


@pytest.mark.fault(row=16)
def test_an_input_of_another_type_is_refused_or_taken_as_the_numbers_that_it_is(iris):
    model, x = zoo.load(iris.folder), np.array([[5, 3, 1, 0], [6, 3, 5, 2]])
    for kind in ("uint8", "int64", "float16", "float64"):
        np.testing.assert_allclose(model.outputs(x.astype(kind)), model.outputs(x.astype("float32")), rtol=1e-3)
    for kind in ("str", "object", "complex64", "datetime64[s]"):
        for some in (x, x[0]):
            with pytest.raises(ValueError, match=re.escape(f"mlp reads numbers, got {x.astype(kind).dtype}")):
                model.predict(some.astype(kind))
    for bad in (np.nan, -np.inf):
        with pytest.raises(ValueError, match=rf"mlp reads finite numbers, x\[1, 2\] is {bad}"):
            model.predict(np.where(np.arange(8).reshape(2, 4) == 6, bad, x))


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "linear"
    return run(recipe_for("linear"), RunOptions(out=out, quiet=True, pictures=False))


def test_a_regression_predicts_in_the_targets_own_units(regression):
    model, test = regression.load(), load_data("diabetes", Place(), {}).test
    said = model.predict(test.x)
    assert said.shape == test.y.shape
    rmse = np.sqrt(np.mean((said - test.y.reshape(said.shape)) ** 2))
    assert rmse == pytest.approx(regression.metrics["rmse"], rel=1e-4)
    with pytest.raises(ValueError, match="has the task regression, which has no probabilities: use predict"):
        model.probabilities(test.x)


def test_linear_regression_by_gradient_equals_scikit_learns_least_squares(regression):
    from sklearn.linear_model import LinearRegression

    data = load_data("diabetes", Place(), {})
    exact = LinearRegression().fit(data.train.x, data.train.y).score(data.test.x, data.test.y)
    assert regression.metrics["r2"] == pytest.approx(exact, abs=1e-3)


def damaged(path, how):
    data = bytearray(path.read_bytes())
    size = struct.unpack("<Q", data[:8])[0]
    if how == "bit":
        data[8 + size + 5] ^= 1
    elif how == "cut":
        del data[-7:]
    elif how == "header":
        data[:8] = struct.pack("<Q", 1 << 40)
    elif how == "empty":
        data.clear()
    path.write_bytes(data)


@pytest.mark.fault(row=11)
@pytest.mark.parametrize("how", ["bit", "cut", "header", "empty"])
def test_a_damaged_model_file_is_refused_by_name(iris, tmp_path, how):
    copy = tmp_path / "model.safetensors"
    copy.write_bytes((iris.folder / "model.safetensors").read_bytes())
    damaged(copy, how)
    with pytest.raises(CheckpointUnusable, match=r"model\.safetensors (cannot be read|is damaged)"):
        zoo.load(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(CheckpointUnusable, match=r"no model at .*give the folder of a run"):
        zoo.load(tmp_path)


def test_a_model_file_that_does_not_fit_its_own_description_is_refused_with_a_table(iris, tmp_path):
    from zoo.train.trained.file import save

    model = iris.load()
    tree = {"params": model.params, "state": model.state, "scaler": model.scaler, "target_scaler": None}
    tree["params"] = {"head": {"w": np.zeros((3, 16), np.float32)}}
    save(tmp_path, tree, {name: value for name, value in model.about.items() if name not in ("sha256", "format")})
    with pytest.raises(CheckpointUnusable, match=r"missing     params/body/0/b(.|\n)*differing   params/head/w"):
        zoo.load(tmp_path)


def test_arrays_that_are_not_contiguous_are_saved_right():
    array = np.arange(6.0).reshape(2, 3).T
    np.testing.assert_array_equal(flatten({"a": array})["a"], array)
    assert flatten({"a": array})["a"].flags["C_CONTIGUOUS"]


@pytest.mark.fault(row=14)
def test_a_rate_that_is_too_high_stops_the_run_with_advice_and_keeps_what_was_good(tmp_path):
    recipe = dataclasses.replace(SHORT, lr=1e9, opt="sgd", sched="constant", loss="auto", weight_decay=0, epochs=50)
    with pytest.raises(Diverged, match=r"at step \d+ of .*learning rate 1e\+09(.|\n)*Try a lower rate \(--lr 0\.1\)"):
        run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    assert (tmp_path / "run" / "config.json").exists()


class Poison(Callback):
    """Makes the loop fail in its third epoch, as a crash of anything else would."""

    def on_metrics(self, row, fit):
        if row["epoch"] >= 3:
            raise RuntimeError("poisoned")


def test_the_model_of_the_last_evaluation_outlives_a_crash(tmp_path):
    with pytest.raises(RuntimeError, match="poisoned"):
        run(SHORT, RunOptions(out=tmp_path / "run", quiet=True, pictures=False), [Poison()])
    assert zoo.load(tmp_path / "run").about["metrics"]["epoch"] >= 2


def test_patience_holds_examples_back_and_keeps_the_best_model(tmp_path):
    recipe = dataclasses.replace(SHORT, patience=2, epochs=40)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    held = [row for row in result.rows if row["split"] == "val"]
    assert len(result.setup.data.train.x) == 108
    best = max(held, key=lambda row: row["accuracy"])
    assert result.load().about["metrics"] == best
    assert held[-1]["epoch"] < 40


def test_a_batch_larger_than_the_set_and_gradient_descent_take_the_whole_set():
    for change in ({"batch_size": 500}, {"opt": "gd"}):
        parts = setup(dataclasses.replace(SHORT, **change))
        assert parts.recipe.batch_size == 120
        assert parts.plan.steps_per_epoch == 1


def test_a_trainer_whose_batch_is_all_examples_gets_them_in_one_batch(monkeypatch):
    known = trainers.traits("supervised")
    monkeypatch.setattr(trainers, "traits", lambda name: known._replace(batch="all"))
    parts = setup(dataclasses.replace(SHORT, batch_size=16))
    assert (parts.recipe.batch_size, parts.plan.steps_per_epoch) == (120, 1)


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (Recipe("cnn", "iris"), "cnn accepts image data; iris is table data of shape 4"),
        (Recipe("mlp", "iris", task="language"), "mlp cannot be trained for the task language; choose from binary"),
        (Recipe("mlp", "iris", task="forecast"), "mlp cannot be trained for the task forecast; choose from binary"),
        (Recipe("mlp", "digits", task="generation"), "mlp cannot be trained for the task generation"),
        (Recipe("mlp", "iris", task="cluster"), "assign"),
        (Recipe("linear", "digits"), "linear does regression; digits is a multiclass task"),
        (Recipe("mlp", "iris", m={"width": 3}), "mlp cannot be made with"),
        (Recipe("mlp", "iris", m={"activation": "rleu"}), "did you mean relu"),
        (Recipe("mlp", "iris", loss="huber"), "--loss huber does not suit a multiclass task"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(recipe, reason):
    with pytest.raises(BadInput, match=reason):
        setup(recipe)


FOUR_DEVICES = """
import dataclasses, json, sys
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
recipe = dataclasses.replace(recipe_for("mlp", "iris"), epochs=4, **json.loads(sys.argv[2]))
print(json.dumps(run(recipe, RunOptions(out=sys.argv[1], quiet=True, pictures=False)).rows[-1]))
"""


def on_four_devices(tmp_path, **changes):
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=4"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", FOUR_DEVICES, str(tmp_path / "run"), json.dumps(changes)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_four_devices_give_the_numbers_of_one(iris, tmp_path):
    done = on_four_devices(tmp_path)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["loss"] == pytest.approx(iris.rows[-1]["loss"], abs=1e-5)


def test_a_batch_that_the_devices_cannot_share_is_refused_with_the_nearest_sizes(tmp_path):
    done = on_four_devices(tmp_path, batch_size=18)
    assert "--batch-size 18 does not divide over 4 devices; the nearest that do: 16 or 20" in done.stderr
