"""Weights of examples: a whole number means what as many copies of the example would, everywhere."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn import metrics as sk

import zoo
from zoo.layers import dense, serial
from zoo.train.data.class_weights import class_weights
from zoo.train.data.dataset import Dataset, Place, Split, load_data
from zoo.train.data.normalize import Scaler, fit_scaler
from zoo.train.data.split import joined, train_val_split
from zoo.train.errors import BadInput
from zoo.train.metrics.decisions import MEASURES, Judged, measured
from zoo.train.pipeline.batches import from_memory, padded_batches
from zoo.train.pipeline.weights import check_weights, with_weights
from zoo.train.tasks import task_for
from zoo.train.trainers._gradient import gradient_trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)) * [1, 2, 7] + [0, 0, 100]
Y = (X[:, 0] + RNG.normal(size=40) > 0).astype(np.int32)
W = RNG.integers(0, 4, 40).astype(np.float64)
COPIES = np.repeat(np.arange(40), W.astype(int))
THERE = W > 0


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), r"sample_weight has shape \(3,\): expected one weight for each example, \(2,\)"),
        (np.array([1, -2.0]), r"row 1 \(counted from 0\), is -2: a weight is a number from 0 up"),
        (np.array([np.nan, 1]), r"row 0 \(counted from 0\), is nan"),
        (np.zeros(2), "all 2 weights are zero; at least one example must count"),
    ],
)
def test_bad_weights_are_refused(weight, message):
    with pytest.raises(BadInput, match=message):
        check_weights(weight, 2, "sample_weight")


def test_weights_go_with_their_examples_and_an_example_of_weight_zero_is_left_out():
    split = with_weights(Split(X, Y), W)
    assert split.weight is not None
    np.testing.assert_array_equal(split.weight, W[THERE])
    train, held = train_val_split(split._replace(x=np.arange(THERE.sum())), 0.3)
    whole = joined(train, held)
    assert whole.weight is not None
    np.testing.assert_array_equal(whole.weight, split.weight[whole.x])


@pytest.mark.parametrize("how", ["unit", "symmetric", "standard"])
@pytest.mark.parametrize("kind", [np.float64, np.uint8])
def test_a_scaler_of_weighted_rows_is_that_of_their_copies(how, kind):
    x = np.clip(X, 0, 255).astype(kind)
    found, copies = fit_scaler(x[THERE], how, weight=W[THERE]), fit_scaler(x[COPIES], how)
    np.testing.assert_allclose(found, copies, rtol=1e-6)


def test_the_measures_of_weighted_examples_are_those_of_their_copies_and_of_scikit_learn():
    p = np.round(RNG.uniform(size=40), 1)  # with ties
    labels, several = (RNG.uniform(size=(40, 3)) > 0.5).astype(int), RNG.dirichlet(np.ones(3), size=40)
    for judged in (
        Judged(Y, (p > 0.5).astype(int), np.stack([1 - p, p], axis=1), binary=True),
        Judged(RNG.integers(0, 3, 40), several.argmax(axis=1), several),
        Judged(labels, (several > 0.3).astype(int), several),
    ):
        parts = (judged.y, judged.predicted, judged.probabilities)
        copies = Judged(*(each[COPIES] for each in parts), binary=judged.binary)
        found = measured(Judged(*(each[THERE] for each in parts), judged.binary, W[THERE]), tuple(MEASURES))
        assert found == pytest.approx(measured(copies, tuple(MEASURES)))
        small = Judged(*(each[THERE] for each in parts), judged.binary, 1e-3 * W[THERE])
        assert measured(small) == pytest.approx({name: found[name] for name in measured(small)})
    said = measured(Judged(Y, (p > 0.5).astype(int), np.stack([1 - p, p], axis=1), binary=True, weight=W + 0.5))
    assert said["roc_auc"] == pytest.approx(sk.roc_auc_score(Y, p, sample_weight=W + 0.5))
    assert said["average_precision"] == pytest.approx(sk.average_precision_score(Y, p, sample_weight=W + 0.5))
    assert said["f1"] == pytest.approx(sk.f1_score(Y, p > 0.5, sample_weight=W + 0.5))


@pytest.mark.parametrize(
    ("task", "options", "y"),
    [
        ("binary", {}, Y),
        ("multiclass", {"outputs": 2}, Y),
        ("multilabel", {"outputs": 2}, np.stack([Y, 1 - Y], axis=1)),
        ("regression", {}, X[:, 0]),
        ("regression", {"loss": "mae"}, X[:, 0]),
    ],
)
def test_the_baseline_of_weighted_examples_is_that_of_their_copies(task, options, y):
    baseline = task_for(task, **options).baseline
    assert baseline is not None
    data = Dataset("own", task, Split(X[COPIES], y[COPIES]), Split(X, y), ("no", "yes"))
    weighted = replace(data, train=with_weights(Split(X, y), W))
    np.testing.assert_allclose(baseline(weighted, "table").outputs, baseline(data, "table").outputs, rtol=1e-12)
    few = replace(data, train=Split(X[:2], y[:2], weight=np.array([0.1, 0.2])))
    assert np.isfinite(baseline(few, "table").outputs).all()


def test_balanced_weights_count_examples_by_their_weights():
    assert class_weights("balanced", ("a", "b"), Y[THERE], W[THERE]) == class_weights("balanced", ("a", "b"), Y[COPIES])


def test_a_step_follows_the_gradient_of_the_weighted_mean_and_reports_its_loss_and_accuracy():
    x, weight = (X / 100).astype(np.float32), W[THERE] / W.sum()
    unscaled = Scaler(np.zeros(1), np.ones(1))
    source = from_memory(with_weights(Split(x, Y), W), int(THERE.sum()), unscaled, None, "none")
    batch = {name: jnp.asarray(each) for name, each in source.arrays["examples"].items()}
    assert batch["weight"].mean() == pytest.approx(1)
    sgd = optax.with_extra_args_support(optax.sgd(0.1))
    trainer = gradient_trainer(serial(head=dense(2)), task_for("multiclass", outputs=2), sgd)
    fit = trainer.init(jax.random.key(0), batch)
    found, told = jax.jit(trainer.step)(fit, batch, jax.random.key(1))
    x, y, w = x[THERE].astype(np.float64), Y[THERE], np.asarray(fit["params"]["head"]["w"], np.float64)
    p = np.exp(x @ w) / np.exp(x @ w).sum(axis=1, keepdims=True)
    change = x.T @ (weight[:, None] * (p - np.eye(2)[y]))
    np.testing.assert_allclose(found["params"]["head"]["w"], w - 0.1 * change, atol=1e-6)
    assert float(told["loss"]) == pytest.approx(-weight @ np.log(p[np.arange(len(y)), y]), rel=1e-5)
    assert float(told["accuracy"]) == pytest.approx(weight @ (p.argmax(axis=1) == y), rel=1e-5)


def test_scores_are_weighted_means_and_padding_counts_nothing():
    batches = list(padded_batches(Split(np.arange(3.0)[:, None], np.arange(3), weight=np.array([2.0, 0.5, 1])), 2))
    assert [batch["weight"].tolist() for batch in batches] == [[2, 0.5], [1, 0]]


def test_a_model_of_weighted_examples_is_that_of_their_copies_with_its_scores_and_its_baseline():
    given = {"hidden": 8, "test": 0, "quiet": True, "metrics": ("roc_auc",), "class_weights": "balanced"}
    weighted = zoo.fit("elm", X, Y, sample_weight=W.tolist(), **given)
    copies = zoo.fit("elm", X[COPIES], Y[COPIES], **given)
    np.testing.assert_allclose(weighted.predict_proba(X), copies.predict_proba(X), rtol=1e-4)
    assert weighted.metrics == pytest.approx(copies.metrics, rel=1e-4)
    assert weighted.about["baseline"]["outputs"] == pytest.approx(copies.about["baseline"]["outputs"])


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("svm", {}, "sample_weight: the trainer dual of svm does not weight examples"),
        ("elm", {"sample_weight": W[:5]}, r"sample_weight has shape \(5,\)"),
        ("elm", {"test": (X, Y, -W)}, "sample_weight of test, row"),
    ],
)
def test_weights_that_nothing_reads_or_that_do_not_fit_are_refused(model, settings, message):
    with pytest.raises(BadInput, match=message):
        zoo.fit(model, X, Y, quiet=True, **{"sample_weight": W} | settings)


def test_a_column_of_a_table_is_the_weight_of_its_rows(tmp_path):
    rows = [f"{i // 2},{2 * (i % 9)},{i % 4 if i else ''},{('no', 'yes', '')[i % 3]}" for i in range(30)]
    (tmp_path / "t.csv").write_text("a,b,n,y\n" + "\n".join(rows) + "\n")
    (tmp_path / "t.csv").write_text((tmp_path / "t.csv").read_text().replace("0,0,,no", "0,0,1,no", 1))
    lines = []
    options = {"file": str(tmp_path / "t.csv"), "target": "y", "weight": "n"}
    data = load_data("table", Place(print_fn=lines.append), options)
    assert data.features == ("a", "b")
    assert data.encoder.ignored["n"] == "the weights"
    whole = joined(data.train, data.test)
    assert whole.weight is not None
    there = [i for i in range(30) if i % 3 < 2 and (i % 4 or not i)]
    assert sorted(whole.weight.tolist()) == sorted(float(i % 4 or 1) for i in there)
    assert any("weights of the rows: column n, 1 to 3; 5 rows of weight 0 are left out" in line for line in lines)
    for text, message in (("1,2,-1,no", "line 3, column 'n': the weight is -1"), ("1,2,,no", "the weight is missing")):
        (tmp_path / "u.csv").write_text("a,b,n,y\n3,4,1,yes\n" + text + "\n5,6,1,no\n")
        with pytest.raises(BadInput, match=message):
            load_data("table", Place(), options | {"file": str(tmp_path / "u.csv")})
    with pytest.raises(BadInput, match="has no column 'm'"):
        load_data("table", Place(), options | {"weight": "m"})
