"""The trivial baseline beside a result: the same metrics on the same examples, against numpy in float64."""

import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Dataset, Split, load_data
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.tasks import task_for
from zoo.train.tasks.baseline import class_shares, mean_example, token_shares
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")


def trained(tmp_path, model, dataset, **changes):
    recipe = replace(recipe_for(model, dataset), steps=2, **changes)
    return run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))


def stored(result):
    return json.loads((result.folder / "result.json").read_text())["baseline"]


def test_of_classes_it_is_the_most_frequent_one_with_the_shares_as_probabilities_whatever_the_threshold(
    tmp_path, capsys
):
    recipe = replace(recipe_for("mlp", "breast_cancer"), steps=2, val_share=0.2, threshold=0.9)
    result = run(recipe, RunOptions(out=tmp_path / "run", pictures=False))
    y, share = load_data("breast_cancer").test.y, np.mean(result.setup.data.train.y)
    found = stored(result)
    assert found["name"] == "most frequent class"
    assert found["metrics"]["accuracy"] == pytest.approx(np.mean(y == 1))
    loss = -np.mean(np.where(y == 1, np.log(share), np.log(1 - share)))
    assert found["metrics"]["loss"] == pytest.approx(loss, rel=1e-6)
    assert found["measures"]["roc_auc"] == 0.5
    assert found["measures"]["average_precision"] == pytest.approx(np.mean(y == 1))
    assert f"(baseline {np.mean(y == 1):.4f}, most frequent class)" in capsys.readouterr().out
    again = evaluate(load(result.folder))
    assert again.baseline == found
    assert again.details["measures"].keys() == found["measures"].keys()


@pytest.mark.parametrize(("loss", "name", "centre"), [("auto", "mean", np.mean), ("mae", "median", np.median)])
def test_of_numbers_it_is_the_mean_or_the_median(tmp_path, loss, name, centre):
    result = trained(tmp_path, "linear", "diabetes", loss=loss)
    data = load_data("diabetes")
    error = data.test.y.astype(np.float64) - centre(data.train.y.astype(np.float64))
    found = stored(result)
    assert found["name"] == name
    assert found["metrics"]["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
    assert found["metrics"]["mae"] == pytest.approx(np.mean(np.abs(error)), rel=1e-5)


@pytest.mark.parametrize("relative", [False, True])
def test_of_a_series_it_is_persistence(tmp_path, relative):
    options = {"steps": 300, "relative": relative, "window": 8, "horizon": 5}
    result = trained(tmp_path, "rnn", "sine", m={"width": 4}, d=options)
    test = load_data("sine", options=options).test
    error = test.y.astype(np.float64) - test.x[:, -1].astype(np.float64)
    found = stored(result)
    assert found["name"] == "persistence"
    assert found["metrics"]["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


def test_of_a_text_it_is_the_shares_of_the_tokens():
    y = np.array([0, 0, 0, 1, 0, 1, 0, 0])
    data = Dataset("text", "language", Split(y, y), Split(y, y))
    task, found = task_for("language", outputs=3), token_shares(data, "text", outputs=3)
    shares = np.array([6, 2, 0.5]) / 8.5  # a token that never occurs counts as half a token
    outputs = jnp.broadcast_to(jnp.asarray(found.outputs, jnp.float32), (1, 3, 3))
    bits = task.metrics["bpc"](outputs, jnp.array([[0, 1, 2]]))
    np.testing.assert_allclose(bits[0], -np.log2(shares), rtol=1e-5)


def test_steps_without_a_target_do_not_count_and_no_class_has_the_share_zero():
    y = np.array([[1, 1, -1], [1, -1, -1]])
    data = Dataset("tags", "tagging", Split(y, y), Split(y, y))
    np.testing.assert_allclose(class_shares(data, 3), np.array([0.5, 3, 0.5]) / 4)


def test_of_a_reconstruction_it_is_the_mean_example():
    x = np.arange(12.0).reshape(6, 2)
    data = Dataset("x", "regression", Split(x, x), Split(x, x))
    np.testing.assert_allclose(mean_example(data, "table").outputs, [5, 6])


@pytest.mark.parametrize(("positives", "threshold", "expected"), [(1, 0.01, 0), (9, 0.99, 1), (5, 0.5, 0)])
def test_every_threshold_leaves_the_most_frequent_class(positives, threshold, expected):
    y = np.repeat([1, 0], [positives, 10 - positives])
    data = Dataset("x", "binary", Split(y, y), Split(y, y))
    task = task_for("binary", threshold=threshold)
    assert task.baseline is not None
    outputs = jnp.asarray(task.baseline(data, "table").outputs, jnp.float32)[None]
    assert task.predict(task.frequent(outputs)).tolist() == [expected]
    shares = task_for("binary").baseline(data, "table").outputs  # the loss is that of the shares
    np.testing.assert_array_equal(task.baseline(data, "table").outputs, shares)


def test_files_of_earlier_versions_get_that_of_their_own_training_examples():
    found = evaluate(load("mlp-iris"))
    assert found.baseline["metrics"]["accuracy"] == pytest.approx(1 / 3)


@pytest.mark.expensive
def test_another_data_set_is_compared_with_the_training_examples_of_the_model(tmp_path):
    result = trained(tmp_path, "rnn", "sine", m={"width": 4}, d={"steps": 300})
    model = load(result.folder)
    other = evaluate(model, "mackey_glass", options={"steps": 600})
    form = {"window": model.input_shape[0], "horizon": model.about["made_for"]["outputs"]}
    test = load_data("mackey_glass", options={"steps": 600, **form}).test
    error = test.y.astype(np.float64) - test.x[:, -1].astype(np.float64)
    assert other.baseline["metrics"]["rmse"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
