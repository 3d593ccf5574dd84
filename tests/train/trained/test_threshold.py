"""Another threshold for a trained model: predictions, scores and baseline follow it, probabilities stay."""

import json

import numpy as np
import pytest
from sklearn import metrics as peer

import zoo
from zoo.__main__ import main
from zoo.train.errors import BadInput
from zoo.train.trained.labels import with_threshold

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
LABELS = X[:, :3] + 0.3 * RNG.normal(size=(200, 3)) > [0, 1, -1]
SHORT = {"test": 0, "epochs": 3, "hidden": (8,), "quiet": True}


@pytest.fixture(scope="module")
def labelled():
    return zoo.fit("mlp", X, LABELS, metrics=("f1_micro", "roc_auc"), **SHORT)


def test_measures_of_labels_are_those_of_scikit_learn(labelled):
    found, p = labelled.metrics, labelled.predict_proba(X)
    assert found["f1_micro"] == pytest.approx(peer.f1_score(LABELS, p > 0.5, average="micro"), abs=1e-6)
    assert found["roc_auc"] == pytest.approx(peer.roc_auc_score(LABELS, p), abs=1e-6)


def test_labels_above_another_threshold_are_predicted(labelled):
    low, p = with_threshold(labelled, 0.2), labelled.predict_proba(X)
    np.testing.assert_array_equal(low.predict(X), p > 0.2)
    np.testing.assert_array_equal(low.predict_proba(X), p)
    assert np.any((p > 0.2) & (p <= 0.5)), "labels that the threshold decides"
    assert low.score(X, LABELS) == np.mean(np.all((p > 0.2) == LABELS, axis=1))


def test_measures_of_steps_leave_out_those_without_a_target():
    x, y = RNG.normal(size=(40, 6, 2)), RNG.integers(-1, 2, (40, 6))
    found = zoo.fit("rnn", x, y, task="tagging", width=4, test=0, steps=2, metrics=("f1",), quiet=True)
    said = found.predict_indices(x)
    assert found.metrics["f1"] == pytest.approx(peer.f1_score(y[y >= 0], said[y >= 0], average="macro"), abs=1e-6)


def test_the_command_line_takes_a_threshold_for_a_trained_model(tmp_path, capsys):
    y = np.where(X[:, 0] > 1, "yes", "no")
    table = [f"{a},{b},{name}" for (a, b, *_), name in zip(X, y, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,loan", *table]))
    data, out = ["--csv", str(tmp_path / "t.csv"), "--target", "loan"], str(tmp_path / "run")
    assert main(["train", "--model", "logistic", *data, "--epochs", "2", "--out", out, "--quiet", "--no-pictures"]) == 0
    said = {}
    for threshold in ("0.01", "0.99"):
        assert main(["evaluate", out, "--threshold", threshold, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["baseline"]["metrics"]["accuracy"] > 0.7, "the most frequent class with any threshold"
        assert main(["predict", out, str(tmp_path / "t.csv"), "--threshold", threshold, "--json"]) == 0
        said[threshold] = {each["class"] for each in json.loads(capsys.readouterr().out)["predictions"]}
        assert len(said[threshold]) == 1
        assert found["metrics"]["accuracy"] == pytest.approx(
            (np.mean(y == "yes"), np.mean(y == "no"))[threshold > "0.5"], abs=0.15
        )
    assert said == {"0.01": {"yes"}, "0.99": {"no"}}
    assert main(["evaluate", out, "--threshold", "1"]) == 2
    assert "--threshold must be a number above 0 and below 1, got 1" in capsys.readouterr().err
    assert main(["predict", "cnn-digits", str(tmp_path / "t.csv"), "--threshold", "0.3"]) == 2


def test_a_task_without_a_threshold_is_refused():
    for threshold, message in (
        (0.3, "--threshold 0.3 does not suit the task multiclass"),
        (0.0, "above 0 and below 1"),
    ):
        with pytest.raises(BadInput, match=message):
            with_threshold(zoo.load("mlp-iris"), threshold)
