"""`zoo.fit` and `run(data=...)`: the same run as from files, and nothing on disk without a folder."""

import copy
import dataclasses
import inspect
import os
import pickle
import re
from pathlib import Path

import chex
import numpy as np
import pytest

import zoo
from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import book
from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput
from zoo.train.in_memory.settings import option_names

pytestmark = pytest.mark.usefixtures("quick_compiler")

DIGITS = load_data("digits")
X, Y = DIGITS.train.x[:200], DIGITS.train.y[:200]
PAGE = Path(__file__).parents[3] / "docs" / "in_memory.md"
SHORT = {"epochs": 2, "hidden": (8,), "quiet": True}


@pytest.fixture(scope="module")
def model():
    return zoo.fit("mlp", X, Y, **SHORT)


def test_arrays_in_memory_give_the_bits_of_the_same_arrays_in_files(model, tmp_path):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    recipe = recipe_for("mlp", "npy_images")
    recipe = dataclasses.replace(recipe, epochs=2, m={**recipe.m, "hidden": (8,)}, d={"folder": str(tmp_path)})
    found = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    assert list(model.history) == list(found.rows)
    chex.assert_trees_all_equal(found.load().params, model.params)
    assert found.load().about["fingerprint"] == model.about["fingerprint"]


def test_digits_in_memory_equal_the_bundled_set_of_the_same_split(tmp_path):
    recipe = dataclasses.replace(recipe_for("logistic"), epochs=1)
    bundled = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    train, test = DIGITS.train, DIGITS.test
    result = run(recipe, RunOptions(quiet=True), data=(train.x, train.y), test=(test.x, test.y))
    assert result.folder is None
    assert list(result.rows) == list(bundled.rows)
    assert result.metrics == bundled.metrics
    chex.assert_trees_all_equal(result.load().params, bundled.load().params)


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    opened = []
    monkeypatch.setattr(os, "replace", lambda *paths: opened.append(paths))
    zoo.fit("mlp", X, Y, **SHORT)
    assert opened == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.expensive
def test_a_folder_holds_the_run_and_the_same_model(model, tmp_path):
    found = zoo.fit("mlp", X, Y, out=tmp_path / "run", pictures=False, **SHORT)
    assert {"config.json", "metrics.jsonl", "model.safetensors", "result.json"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    chex.assert_trees_all_equal(found.params, model.params)
    assert list(found.history) == list(model.history)


@pytest.mark.expensive
def test_a_run_in_memory_is_resumed_with_the_same_arrays_only(tmp_path):
    recipe = dataclasses.replace(recipe_for("logistic"), epochs=1)
    run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False), data=(X, Y))
    longer = dataclasses.replace(recipe, epochs=2)
    options = RunOptions(resume=tmp_path / "run", quiet=True, pictures=False)
    resumed = run(longer, options, data=(X, Y))
    straight = run(longer, RunOptions(quiet=True), data=(X, Y))
    assert [row for row in resumed.rows if row["epoch"] == 2] == [row for row in straight.rows if row["epoch"] == 2]
    with pytest.raises(Exception, match="memory does not have the same examples as when the run started"):
        run(dataclasses.replace(recipe, epochs=3), options, data=(X + 1, Y))


def test_a_saved_pickled_or_copied_model_is_the_same(model, tmp_path):
    path = model.save(tmp_path / "digits.safetensors")
    assert model.save(tmp_path) == tmp_path / "model.safetensors"
    for other in (zoo.load(path), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
        assert other.metrics == model.metrics


def test_the_score_of_the_held_out_examples_is_that_of_the_run(model):
    from zoo.train.data.split import train_val_split

    _, test = train_val_split(load_data("digits").train._replace(x=X, y=Y), 0.2, 0)
    assert model.score(test.x, test.y) == pytest.approx(model.metrics["accuracy"], abs=1e-6)
    assert len(test.x) == 40


def test_names_are_predicted_where_the_targets_are_names():
    names = np.array(["zero", "one"])[(Y > 4).astype(int)]
    found = zoo.fit("logistic", X, names.tolist(), epochs=3, quiet=True)
    assert found.predict(X).dtype.kind == "U"
    assert set(found.predict(X).tolist()) <= {"zero", "one"}
    assert found.labels.tolist() == ["one", "zero"]
    assert found.score(X, names) == np.mean(found.predict(X) == names)
    assert found.predict(X[0]) == found.predict(X[:1])[0]
    np.testing.assert_array_equal(found.labels[found.predict_indices(X)], found.predict(X))


@pytest.mark.expensive
def test_whole_numbers_that_do_not_start_at_0_are_predicted_as_they_are():
    y = np.where(Y > 4, 7, -1)
    found = zoo.fit("logistic", X, y, epochs=3, quiet=True)
    assert set(found.predict(X).tolist()) <= {-1, 7}
    assert found.score(X, y) == np.mean(found.predict(X) == y)
    assert pickle.loads(pickle.dumps(found)).labels.tolist() == [-1, 7]


def test_all_examples_may_be_trained_on_and_the_scores_are_named_so(capsys):
    found = zoo.fit("logistic", X, Y, test=0, epochs=1)
    assert "scores are those of the training examples" in capsys.readouterr().out
    assert found.score(X, Y) == pytest.approx(found.metrics["accuracy"], abs=1e-6)
    assert ", training accuracy" in repr(found)


def test_labels_and_numbers_are_told_apart(capsys):
    x = X.reshape(200, -1)
    labels = np.stack([Y > 4, Y % 2 == 0, Y < 3], axis=1)
    found = zoo.fit("mlp", x, labels, **{**SHORT, "quiet": False})
    assert "3 labels of an example" in capsys.readouterr().out
    assert found.predict(x[:5]).shape == (5, 3)
    assert 0 <= found.score(x, labels) <= 1
    assert zoo.fit("linear", x, Y, task="regression", steps=2, quiet=True).predict(x).dtype == np.float64


@pytest.mark.expensive
def test_images_of_three_axes_are_images_for_a_model_that_reads_no_sequences(capsys):
    zoo.fit("mlp", X[..., 0], Y, **{**SHORT, "quiet": False})
    assert "8x8 pixels with 1 channel; as the model reads no sequences" in capsys.readouterr().out
    assert zoo.fit("rnn", X[..., 0] / 16, Y, steps=1, quiet=True).about["kind"] == "sequence"


def test_weights_of_classes_may_be_a_dict_and_a_single_class_is_refused():
    y = np.where(Y > 4, "high", "low")
    found = zoo.fit("elm", X, y, hidden=5, class_weights={"high": 1e3}, quiet=True)
    assert found.about["recipe"]["class_weights"] == "high=1000.0"
    assert set(found.predict(X).tolist()) == {"high"}
    with pytest.raises(
        BadInput, match=r"y holds a single class, 0: expected at least 2 classes; to predict numbers, task="
    ):
        zoo.fit("mlp", X, np.zeros(200, int), quiet=True)


@pytest.mark.expensive
def test_a_map_learns_without_targets():
    found = zoo.fit("kohonen", X.reshape(200, -1), rows=3, columns=3, epochs=2, quiet=True)
    assert found.predict(X.reshape(200, -1)[:4]).shape == (4,)
    with pytest.raises(BadInput, match="y is missing: mlp learns from inputs and targets"):
        zoo.fit("mlp", X)


@pytest.mark.expensive
def test_a_validation_set_of_its_own_chooses_the_model():
    found = zoo.fit("logistic", X, Y, val=(X[:50], Y[:50]), epochs=3, quiet=True)
    assert {row["split"] for row in found.history} == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hiden": 3}, r"fit has no argument 'hiden' for mlp; did you mean hidden\?"),
        ({"lr": -1}, r"^lr must be a number above 0, got -1"),
        ({"batch_size": 0}, "^batch_size must be a whole number of at least 1, got 0"),
        ({"hidden": "a"}, "mlp cannot be made with hidden=.*: hidden must be a list of whole numbers"),
        ({"opt": "sgd", "b2": 0.9}, "^b2 0.9 has no effect with opt sgd"),
        ({"ckpt_every": "5"}, "^ckpt_every needs a folder"),
        ({"test": 1.5}, "test=1.5 must be a share"),
        ({"test": (X, Y[:5])}, "X of test has 200 examples, its y 5"),
        ({"m": 3}, "m= must be a dict of options, got 3"),
        ({"recipe": "nielson"}, "mlp has no recipe 'nielson'; did you mean nielsen"),
    ],
)
def test_a_bad_setting_is_named_as_it_is_written_in_python(settings, message):
    with pytest.raises(BadInput, match=message):
        zoo.fit("mlp", X, Y, quiet=True, **settings)


def test_a_name_of_recipe_and_trainer_is_given_in_a_dict():
    with pytest.raises(BadInput, match=r"loss is a field of the recipe and an option of the trainer: give t=\{'loss'"):
        zoo.fit("gan", X.reshape(200, -1)[:, :2], loss="wasserstein")


def test_a_wrong_model_is_answered_by_the_nearest():
    with pytest.raises(BadInput, match="unknown model 'mpl'; did you mean mlp"):
        zoo.fit("mpl", X, Y)


def test_a_model_of_a_frame_with_texts_reads_frames_with_columns_in_any_order():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [20.0, 30, None, 40] * 10, "job": ["cook", "clerk", "cook", "pilot"] * 10})
    y = ["yes", "no"] * 20
    found = zoo.fit("logistic", frame, y, test=0, epochs=2, quiet=True)
    np.testing.assert_array_equal(found.predict_proba(frame[["job", "age"]]), found.predict_proba(frame))
    assert found.score(frame, y) == np.mean(found.predict(frame) == y)
    with pytest.raises(BadInput, match="there is no column 'job'"):
        found.predict(frame[["age"]])


@pytest.mark.expensive
def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(compile(block, PAGE.name, "exec"), names)
    assert names["model"].score(names["X"], names["y"]) > 0.9


def test_no_option_of_a_model_or_trainer_has_the_name_of_an_argument_of_fit():
    own = {name for name, each in inspect.signature(zoo.fit).parameters.items() if each.kind is not each.VAR_KEYWORD}
    assert len(own) > 8
    for model in zoo.list_models():
        for recipe in book(model).recipes:
            for whose, names in option_names(recipe).items():
                assert own.isdisjoint(names), (model, whose)
