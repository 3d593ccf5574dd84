"""`--metrics`, `--best`, `--class-weights` and `--threshold` of whole runs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as peer

from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.inference.export.answer import description
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")
RECIPE = replace(recipe_for("mlp", "breast_cancer"), epochs=2)


@pytest.fixture(scope="module")
def weighted(tmp_path_factory):
    recipe = replace(RECIPE, class_weights="malignant=3", threshold=0.8, val_share=0.2)
    options = RunOptions(
        out=tmp_path_factory.mktemp("runs") / "run", quiet=True, metrics=("f1",), best="average_precision"
    )
    return run(recipe, options)


def rows(result, split):
    return [row for row in result.rows if row["split"] == split]


def test_the_measures_of_a_row_equal_scikit_learn_on_the_saved_model(weighted):
    model, (x, y) = weighted.load(), load_data("breast_cancer").test[:2]
    row, p = weighted.metrics, model.probabilities(x)[:, 1]
    assert row["average_precision"] == pytest.approx(peer.average_precision_score(y, p), abs=1e-6)
    assert row["f1"] == pytest.approx(peer.f1_score(y, p > 0.8), abs=1e-6)
    assert "roc_auc" not in row
    measures = json.loads((weighted.folder / "result.json").read_text())["measures"]
    assert measures["roc_auc"] == pytest.approx(peer.roc_auc_score(y, p), abs=1e-6)
    assert measures["balanced_accuracy"] == pytest.approx(peer.balanced_accuracy_score(y, p > 0.8), abs=1e-6)


def test_the_best_model_is_that_of_the_highest_measure_on_the_validation_examples(weighted):
    found = {row["epoch"]: row["average_precision"] for row in rows(weighted, "val")}
    assert len(found) == 2
    assert found[weighted.metrics["epoch"]] == max(found.values())


def test_the_threshold_is_kept_with_the_model_and_decides_every_prediction(weighted):
    model, (x, y) = load(weighted.folder), load_data("breast_cancer").test[:2]
    p = model.probabilities(x)[:, 1]
    np.testing.assert_array_equal(model.predict_indices(x), p > 0.8)
    assert np.any((p > 0.5) & (p <= 0.8)), "examples that the threshold decides"
    assert weighted.metrics["accuracy"] == pytest.approx(np.mean((p > 0.8) == y))
    assert weighted.scores["confusion"][:, 1].sum() == np.sum(p > 0.8)
    assert description(model)["threshold"] == 0.8
    again = evaluate(model)
    assert again.metrics["accuracy"] == weighted.metrics["accuracy"]


def test_the_loss_of_an_example_is_multiplied_by_the_weight_of_its_class(weighted):
    model, (x, y) = load(weighted.folder), load_data("breast_cancer").test[:2]
    z = model.outputs(x)[:, 0].astype(np.float64)
    each = np.where(y == 1, 1.0, 3.0) * (np.logaddexp(0, z) - y * z)
    assert weighted.metrics["loss"] == pytest.approx(each.mean(), rel=1e-5)
    assert evaluate(model).metrics["loss"] == weighted.metrics["loss"]


def test_the_curves_are_drawn(weighted):
    assert (weighted.folder / "plots" / "decisions.png").exists()


@pytest.mark.parametrize(
    ("recipe", "options", "message"),
    [
        ({}, {"metrics": ("f2",)}, r"--metrics f2 is not known \(choose from precision, recall, f1"),
        ({"model": "linear", "dataset": "diabetes"}, {"metrics": ("f1",)}, "does not suit the task regression"),
        ({"model": "linear", "dataset": "diabetes", "class_weights": "balanced"}, {}, "of diabetes are no classes"),
        ({"model": "linear", "dataset": "diabetes", "threshold": 0.3}, {}, "--threshold 0.3 does not suit the task"),
        ({"dataset": "iris", "threshold": 0.3}, {}, "--threshold 0.3 does not suit the task multiclass"),
        ({"class_weights": "benin=2"}, {}, r"there is no class 'benin'; did you mean benign\?"),
        ({"class_weights": "benign=-2"}, {}, "positive weights by the names of classes"),
        ({"class_weights": "benign=2,benign=3"}, {}, "the class benign is there twice"),
        ({"threshold": 1.0}, {}, "--threshold must be a number"),
    ],
)
def test_what_does_not_suit_is_refused(tmp_path, recipe, options, message):
    base = recipe_for(recipe.get("model", "mlp"), recipe.get("dataset", "breast_cancer"))
    given = replace(base, **recipe)
    with pytest.raises(BadInput, match=message):
        run(given, RunOptions(out=tmp_path / "run", quiet=True, **options))
