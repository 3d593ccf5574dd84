"""The task `reconstruct`, with an autoencoder of digits: threshold, codes, pictures, principal components."""

import csv
import json
from dataclasses import replace

import jax
import numpy as np
import pytest
from sklearn.decomposition import PCA

import zoo
from zoo.sklearn import ZooTransformer
from zoo.train import RunOptions, recipe_for, run
from zoo.train.__main__ import main as train
from zoo.train.cli.predict import main as predict
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.tasks import task_for
from zoo.train.trainer import named_key
from zoo.train.trainers.scoring import scores

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of an epoch on digits, with pictures."""
    recipe = replace(recipe_for("autoencoder"), epochs=1, m={"latent": 4, "hidden": (16,)}, t={"quantile": 0.9})
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "run", quiet=True))


@pytest.fixture(scope="module")
def trained(finished):
    return zoo.load(finished.folder)


def errors(trained, x):
    """Squared errors of examples of digits in [0, 1], the sums over pixels."""
    made = trained.predict(x)
    return np.square((made - np.asarray(x, np.float64)) / 16).reshape(len(x), -1).sum(axis=1)


def test_the_threshold_of_anomalies_is_the_quantile_of_the_training_examples(finished, trained):
    train, test = finished.setup.data.train.x, finished.setup.data.test.x
    wanted = np.quantile(errors(trained, train), 0.9)
    assert trained.about["calibration"]["threshold"] == pytest.approx(wanted, rel=1e-4)
    kept = json.loads((finished.folder / "result.json").read_text())["calibration"]
    assert kept["test_share"] == pytest.approx(np.mean(errors(trained, test) > wanted), abs=0.01)
    assert kept["quantile"] == 0.9
    assert f"{wanted:.4g}, the quantile 0.9 of {len(train):,}" in finished.scores["calibration"]["summary"]
    assert finished.metrics["scaled_sse"] == pytest.approx(errors(trained, test).mean(), rel=1e-4)
    assert finished.metrics["sse"] == pytest.approx(256 * finished.metrics["scaled_sse"], rel=1e-4)


def test_predictions_hold_the_score_against_the_threshold_and_pictures_the_error_of_each_pixel(
    finished, trained, tmp_path, capsys
):
    noise = np.random.default_rng(0).integers(0, 17, (1, 8, 8, 1)).astype(np.uint8)
    x = np.concatenate([finished.setup.data.test.x[:2], noise])
    np.save(tmp_path / "x.npy", x)
    words = [str(finished.folder), str(tmp_path / "x.npy"), "--json", "--explain", str(tmp_path / "pictures")]
    assert predict(words) == 0
    found = json.loads(capsys.readouterr().out)["predictions"]
    threshold = trained.about["calibration"]["threshold"]
    np.testing.assert_allclose([each["score"] for each in found], errors(trained, x) / threshold, rtol=1e-4)
    assert [each["anomaly"] for each in found] == ["yes" if each > threshold else "no" for each in errors(trained, x)]
    assert found[2]["anomaly"] == "yes"
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3
    shown = trained.task.pictured(trained, x)
    wanted = np.square(trained.predict(x) - x)
    wanted = wanted / wanted.max(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(shown["squared error"], wanted, rtol=1e-5)
    np.testing.assert_allclose(shown["given"], x / 16)


def test_a_model_of_which_no_threshold_is_known_says_its_errors_alone(trained, finished):
    about = {name: each for name, each in trained.about.items() if name != "calibration"}
    older = replace(trained, about=about)
    (found,) = older.task.describe(older, finished.setup.data.test.x[:1], None)
    assert set(found) == {"mse", "sse", "max_error", "scaled_sse"}


def test_the_score_beside_principal_components_is_that_of_scikit_learn(finished, trained):
    train, test = (part.x.reshape(-1, 64) / 16.0 for part in (finished.setup.data.train, finished.setup.data.test))
    pca = PCA(4).fit(train)
    best = np.square(pca.inverse_transform(pca.transform(test)) - test).sum(axis=1).mean()
    scores = finished.scores["pca"]
    dropped = np.linalg.eigvalsh(np.cov(train.T, bias=True))[:-4].sum()
    assert (scores["components"], scores["sse_pca"]) == (4, pytest.approx(best, rel=1e-5))
    assert scores["dropped"] == pytest.approx(dropped, rel=1e-5)
    assert scores["sse"] == pytest.approx(finished.metrics["scaled_sse"], rel=1e-4)
    assert scores["sse_train"] > dropped


def test_a_run_draws_before_and_after_codes_and_what_lies_between_them(finished):
    plots = {path.stem for path in (finished.folder / "plots").iterdir()}
    assert plots == {"curves", "filters", "interpolation", "latents", "reconstructions"}
    assert len(list((finished.folder / "samples").glob("step-*.png"))) == 1
    assert (finished.folder / "samples" / "training.gif").exists()


def test_codes_and_reconstructions_come_from_python_and_pass_through_a_file(finished, trained):
    x = finished.setup.data.test.x[:5]
    codes = trained.transform(x)
    assert codes.shape == (5, 4)
    np.testing.assert_array_equal(trained.reconstruct(x), trained.predict(x))
    made = np.asarray(trained.model.decode(trained.params, trained.state, codes)) * 16
    np.testing.assert_allclose(made, trained.reconstruct(x), atol=1e-3)
    assert evaluate(trained).metrics["mse"] == pytest.approx(finished.metrics["mse"], rel=1e-6)
    with pytest.raises(ValueError, match="mlp reconstructs nothing"):
        zoo.load("mlp-iris").reconstruct(np.zeros((1, 4)))


@pytest.mark.expensive
def test_an_autoencoder_is_a_transformer_of_scikit_learn():
    x = np.random.default_rng(0).normal(size=(60, 3))
    made = ZooTransformer("autoencoder", latent=2, hidden=(4,), epochs=1).fit(x)
    np.testing.assert_allclose(made.transform(x), made.trained_.transform(x), atol=1e-6)
    assert made.get_feature_names_out().tolist() == ["zootransformer0", "zootransformer1"]


def test_rows_in_memory_and_of_a_file_are_reconstructed_without_a_target(tmp_path, capsys):
    x = np.random.default_rng(0).normal(size=(60, 2)) @ [[1, 2, 3], [0, 1, -1]] * [1, 10, 100]
    options = {"latent": 2, "hidden": (), "activation": "linear", "epochs": 2}
    model = zoo.fit("autoencoder", x, quiet=True, **options)
    assert model.reconstruct(x[:2]).shape == (2, 3)
    assert zoo.load(model.save(tmp_path)).about["calibration"] == model.about["calibration"]
    with open(tmp_path / "x.csv", "w", newline="") as file:
        csv.writer(file).writerows([["a", "b", "c"], *x.tolist()])
    words = ["--model", "autoencoder", "--csv", str(tmp_path / "x.csv"), "--out", str(tmp_path / "run")]
    assert train([*words, "--m.latent", "2", "--m.hidden", "4", "--steps", "3", "--no-pictures"]) == 0
    printed = capsys.readouterr().out
    assert "60 rows; target none, all columns are read (--target names one)" in printed.replace("\n", " ")
    assert predict([str(tmp_path / "run"), str(tmp_path / "x.csv"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["predictions"]) == 60
    with pytest.raises(BadInput, match=r"reconstructs images; autoencoder on table_rows has the task reconstruct"):
        predict([str(tmp_path / "run"), str(tmp_path / "x.csv"), "--explain", str(tmp_path / "pictures")])


def test_a_denoising_autoencoder_is_scored_on_damaged_examples():
    model = zoo.dae((6,), hidden=(4,), noise="masking", level=0.5)
    task, x = task_for("reconstruct"), np.random.default_rng(0).uniform(1, 2, (50, 6)).astype(np.float32)
    params, state = model.init(jax.random.key(0), x)
    batch = {"x": x, "weight": (np.arange(50) < 40).astype(np.float32)}
    sums = scores(model, task)({"params": params, "state": state}, batch, jax.random.key(1))
    found = task.finish({name: np.asarray(total) / weight for name, (total, weight) in sums.items()})
    damaged = np.asarray(model.corrupt(x, named_key(jax.random.key(1), "corrupt")))[:40]
    made = np.asarray(model.apply(params, state, damaged)[0])
    errors = [np.square(each - x[:40]).mean(axis=1) for each in (damaged, made)]
    assert found["mse_given"] == pytest.approx(errors[0].mean(), rel=1e-4)
    assert found["mse"] == pytest.approx(errors[1].mean(), rel=1e-4)
    assert found["gain"] == pytest.approx(10 * np.log10(errors[0].mean() / errors[1].mean()), abs=1e-3)
    assert f"gain {found['gain']:.2f} dB" in task.explain(found)[1]
