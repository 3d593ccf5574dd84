"""The tasks reconstruct, density, recall and cluster, each by a whole run of a small real model."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, pairwise_distances

import zoo
from zoo.train import RunOptions, recipe_for, run
from zoo.train.__main__ import main as train
from zoo.train.cli.predict import main as predict
from zoo.train.cli.sample import main as sample
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.runs.setup import setup
from zoo.train.tree import flatten

pytestmark = [pytest.mark.usefixtures("quick_compiler"), pytest.mark.usefixtures("models")]
NAMES = ("linear_autoencoder", "mixture", "hopfield", "kmeans")
PICTURES = {"linear_autoencoder": "reconstructions", "mixture": "samples", "hopfield": "recalled", "kmeans": "clusters"}


def recipe_of(name):
    """The recipe of a model; of the memory of the zoo, that of patterns of another package."""
    if name != "hopfield":
        return recipe_for(name)
    memory = recipe_for(name, "patterns")
    return replace(memory, normalize="none", t={"flip": 0.1}, expect=None)


@pytest.fixture(scope="module")
def finished(models, tmp_path_factory):
    """The run of each recipe."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: run(recipe_of(name), RunOptions(out=folder / name, quiet=True)) for name in NAMES}


def test_a_linear_autoencoder_reaches_the_error_of_pca(finished):
    result = finished["linear_autoencoder"]
    train, test = (np.asarray(split.x, np.float64) for split in (result.setup.data.train, result.setup.data.test))
    pca = PCA(2).fit(train)
    dropped = PCA().fit(train).explained_variance_[2:].sum() * (len(train) - 1) / len(train)
    made = result.load().predict(train.astype(np.float32))
    assert np.square(made - train).sum(axis=1).mean() == pytest.approx(dropped, rel=0.01)
    best = np.square(pca.inverse_transform(pca.transform(test)) - test)
    assert result.metrics["sse"] == pytest.approx(best.sum(axis=1).mean(), rel=0.03)
    assert result.metrics["mse"] == pytest.approx(result.metrics["sse"] / 4, rel=1e-5)
    assert result.metrics["rmse"] == pytest.approx(result.metrics["mse"] ** 0.5, rel=1e-6)


def test_reconstruction_errors_are_in_the_units_of_the_data_whatever_the_normalisation(models, tmp_path):
    recipe = replace(recipe_for("linear_autoencoder"), normalize="standard", steps=20)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    x = np.asarray(result.setup.data.test.x, np.float64)
    error = np.square(result.load().predict(x) - x)
    assert result.metrics["mse"] == pytest.approx(error.mean(), rel=1e-4)
    assert result.metrics["sse"] == pytest.approx(error.sum(axis=1).mean(), rel=1e-4)
    assert result.metrics["loss"] != pytest.approx(error.mean(), rel=0.05)


def test_one_gaussian_has_the_exact_likelihood(models, tmp_path):
    recipe = replace(recipe_for("mixture"), m={"components": 1}, t={}, steps=1)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    train, test = (np.asarray(split.x, np.float64) for split in (result.setup.data.train, result.setup.data.test))
    exact = multivariate_normal(train.mean(axis=0), np.cov(train.T, bias=True)).logpdf(test)
    assert result.metrics["log_likelihood"] == pytest.approx(exact.mean(), abs=1e-4)
    assert result.metrics["nats_per_dim"] == pytest.approx(-exact.mean() / 2, abs=1e-4)
    np.testing.assert_allclose(result.load().log_prob(result.setup.data.test.x), exact, atol=1e-3)


def test_expectation_maximisation_raises_the_likelihood_and_its_samples_have_the_datas_moments(finished):
    result = finished["mixture"]
    losses = [row["loss"] for row in result.rows if row["split"] == "train"]
    assert losses == sorted(losses, reverse=True)
    x, made = result.setup.data.train.x, result.load().sample(20_000, 1)
    assert made.shape == (20_000, 2)
    np.testing.assert_allclose(made.mean(axis=0), x.mean(axis=0), atol=0.05)  # an M step preserves both moments
    np.testing.assert_allclose(np.cov(made.T), np.cov(x.T), atol=0.1)


def test_a_hopfield_network_recalls_patterns_below_its_capacity(finished):
    result = finished["hopfield"]
    assert result.metrics["overlap_given"] == pytest.approx(0.8, abs=0.07)  # a tenth of 100 entries is flipped
    assert result.metrics["overlap"] > 0.99
    assert result.metrics["exact"] >= 0.75
    assert result.metrics["loss"] == pytest.approx((1 - result.metrics["overlap"]) / 2, abs=1e-6)
    patterns = result.setup.data.train.x.reshape(8, -1)
    hebb = patterns.T @ patterns * (1 - np.eye(100))
    np.testing.assert_array_equal(result.load().params["memory"]["w"], hebb)


def test_a_hopfield_network_fails_far_above_its_capacity(models, tmp_path):
    recipe = replace(recipe_of("hopfield"), d={"count": 60})
    assert run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False)).metrics["exact"] < 0.1


def test_k_means_recovers_the_modes_and_agrees_with_scikit_learn(finished):
    result = finished["kmeans"]
    model, test = result.load(), result.setup.data.test
    assigned = model.predict(test.x)
    assert result.metrics["ari"] == pytest.approx(adjusted_rand_score(test.y, assigned), abs=1e-9)
    assert result.metrics["ari"] == result.metrics["purity"] == 1
    squared = pairwise_distances(model.scaler.apply(test.x), model.params["centres"]).min(axis=1) ** 2
    assert result.metrics["inertia"] == pytest.approx(squared.mean(), rel=1e-3)
    assert result.metrics["quantisation"] == pytest.approx(squared.mean() ** 0.5, rel=1e-3)


def test_ari_and_purity_of_too_few_clusters_are_scikit_learns(models, tmp_path):
    recipe = replace(recipe_for("kmeans"), m={"clusters": 5})
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    y, assigned = result.setup.data.test.y, result.load().predict(result.setup.data.test.x)
    majority = sum(np.bincount(y[assigned == unit]).max() for unit in np.unique(assigned))
    assert result.metrics["ari"] == pytest.approx(adjusted_rand_score(y, assigned), abs=1e-6)
    assert 0.3 < result.metrics["ari"] < 0.95
    assert result.metrics["purity"] == pytest.approx(majority / len(y))


def test_data_without_labels_have_no_agreement_with_them(models, tmp_path):
    recipe = replace(recipe_for("kmeans"), dataset="diabetes", d={})
    metrics = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False)).metrics
    assert "inertia" in metrics
    assert not {"ari", "purity"} & set(metrics)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_draws_its_figure_and_its_scores_are_found_again(finished, name):
    result = finished[name]
    plots = {path.stem for path in (result.folder / "plots").iterdir()}
    assert plots == {"curves", PICTURES[name]}
    again = evaluate(zoo.load(result.folder))
    wanted = {key: value for key, value in result.metrics.items() if key not in ("step", "epoch")}
    assert again.metrics == pytest.approx(wanted, rel=1e-6)
    assert len(zoo.load(result.folder).task.explain(result.metrics)) >= 1
    assert result.setup.task.gives in repr(zoo.load(result.folder))


@pytest.mark.expensive  # test_resume.py proves it for every trainer
@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_run_is_the_run_that_was_never_ended(models, tmp_path, name):
    options = RunOptions(out=tmp_path / "run", quiet=True, pictures=False, ckpt_every="1", keep=100)
    steps = max(2, min(4, setup(recipe_of(name), score_samples=False).plan.steps))
    recipe = replace(recipe_of(name), steps=steps, sched="constant")  # the length would change a schedule
    whole = run(recipe, options)
    (tmp_path / "half").mkdir()
    half = run(replace(recipe, steps=steps // 2), replace(options, out=tmp_path / "half" / "run"))
    resumed = run(recipe, replace(options, out=half.folder, resume=half.folder))
    for key, array in flatten(whole.load().params).items():
        np.testing.assert_array_equal(flatten(resumed.load().params)[key], array)
    assert resumed.metrics == whole.metrics


def test_predictions_of_each_task_are_plain_values(finished, tmp_path, capsys):
    wanted = {
        "linear_autoencoder": {"mse", "sse", "max_error"},
        "mixture": {"log_likelihood"},
        "hopfield": {"changed", "overlap", "values"},
        "kmeans": {"cluster", "distance"},
    }
    for name, keys in wanted.items():
        np.save(tmp_path / "x.npy", finished[name].setup.data.test.x[:3])
        assert predict([str(finished[name].folder), str(tmp_path / "x.npy"), "--json"]) == 0
        printed = json.loads(capsys.readouterr().out)
        found = printed["predictions"] if isinstance(printed, dict) else printed
        assert len(found) == 3
        assert keys <= set(found[0])
        assert predict([str(finished[name].folder), str(tmp_path / "x.npy")]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_model_of_the_density_is_sampled_from_the_command_line(finished, capsys):
    assert sample([str(finished["mixture"].folder), "-n", "5"]) == 0
    points = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    np.testing.assert_allclose(np.array(points, float), finished["mixture"].load().sample(5, 0), rtol=1e-4)
    with pytest.raises(BadInput, match="neither a language model nor a generator"):
        sample([str(finished["kmeans"].folder)])


def test_a_task_of_another_package_brings_its_metric_figure_and_description(models, tmp_path, capsys):
    recipe = replace(recipe_for("linear_autoencoder"), task="worst_feature", steps=5)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    x = result.setup.data.test.x
    worst = np.abs(result.load().predict(x) - x)
    assert result.metrics["worst"] == pytest.approx(worst.max(axis=1).mean(), rel=1e-4)
    assert (result.folder / "plots" / "worst.txt").read_text() == "worst"
    np.save(tmp_path / "x.npy", x[:2])
    assert predict([str(result.folder), str(tmp_path / "x.npy")]) == 0
    name = result.setup.data.features[int(worst[0].argmax())]
    assert capsys.readouterr().out.splitlines()[0].endswith(f"feature {name}")
    assert evaluate(zoo.load(result.folder)).metrics["worst"] == pytest.approx(result.metrics["worst"], rel=1e-6)


def test_a_task_that_does_not_suit_the_model_is_rejected(models, tmp_path):
    recipe = replace(recipe_for("mlp", "iris"), task="density", steps=1)
    with pytest.raises(BadInput, match="log_prob"):
        run(recipe, RunOptions(out=tmp_path / "a", quiet=True, pictures=False))
    recipe = replace(recipe_for("mlp", "iris"), task="reconstruct", steps=1)
    with pytest.raises(BadInput, match="shape of the inputs"):
        run(recipe, RunOptions(out=tmp_path / "b", quiet=True, pictures=False))


@pytest.mark.parametrize("task", ["reconstruct", "recall"])
def test_outputs_of_another_shape_than_the_inputs_are_one_line_of_bad_input(task, capsys):
    assert train(["--model", "mlp", "--dataset", "iris", "--task", task, "--dry-run"]) == 2
    message = f"error: --task {task}: outputs must have the shape of the inputs (4,), got (3,)\n"
    assert capsys.readouterr().err == message
