"""`zoo.sklearn`: scikit-learn's own checks, pipelines, searches and pickles."""

import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import zoo
from zoo.sklearn import ZooClassifier, ZooRegressor, ZooTransformer, expected_failed_checks

pytestmark = [
    pytest.mark.usefixtures("quick_compiler"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.where(X[:, 0] + X[:, 1] > 0, "up", "down")
ELM = {"hidden": 10}  # closed form: one step


@pytest.mark.expensive
@pytest.mark.parametrize(
    ("estimator", "legacy"),
    [
        (ZooClassifier("elm", **ELM), True),
        (ZooRegressor("elm", **ELM), False),
        (ZooTransformer("kohonen", rows=3, columns=3, epochs=2), False),
    ],
    ids=["classifier, all", "regressor", "transformer"],
)
def test_the_checks_of_scikit_learn_pass(estimator, legacy):
    """All of them for the classifier; a minute of a processor each is too much for all three."""
    expected = expected_failed_checks(estimator)
    check_estimator(estimator, legacy=legacy, on_skip=None, expected_failed_checks=expected)


def test_two_checks_are_expected_to_fail_one_of_weights_and_one_of_settings():
    weights, settings = "check_sample_weight_equivalence_on_dense_data", "check_no_attributes_set_in_init"
    assert set(expected_failed_checks(ZooClassifier())) == {weights}
    assert set(expected_failed_checks(ZooRegressor(epochs=3))) == {weights, settings}
    assert set(expected_failed_checks(ZooTransformer(rows=2))) == {settings}


def test_weights_of_examples_count_in_fit_and_score():
    weight = np.arange(60) % 3
    copies = np.repeat(np.arange(60), weight)
    model = ZooClassifier("elm", **ELM).fit(X, Y, sample_weight=weight)
    other = ZooClassifier("elm", **ELM).fit(X[copies], Y[copies])
    np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), rtol=1e-4)
    assert model.score(X, Y, sample_weight=weight) == pytest.approx(np.mean(model.predict(X[copies]) == Y[copies]))


def test_parameters_are_those_that_were_given_and_may_be_set():
    model = ZooClassifier("mlp", hidden=(8,), epochs=3)
    assert model.get_params() == {"model": "mlp", "hidden": (8,), "epochs": 3}
    copied: Any = clone(model)
    assert copied.set_params(lr=0.1).get_params() == {"model": "mlp", "hidden": (8,), "epochs": 3, "lr": 0.1}
    assert repr(model) == "ZooClassifier(epochs=3, hidden=(8,))"
    with pytest.raises(ValueError, match="ZooClassifier has no parameter 'hiden'; did you mean hidden"):
        model.set_params(hiden=3)


def test_a_classifier_predicts_in_a_pipeline_and_survives_a_pickle():
    model = make_pipeline(StandardScaler(), ZooClassifier("elm", **ELM)).fit(X, Y)
    classifier = model[-1]
    assert classifier.classes_.tolist() == ["down", "up"]
    assert model.score(X, Y) == np.mean(model.predict(X) == Y) > 0.8
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-5)
    written = pickle.dumps(classifier)
    assert b"__metadata__" in written, "the content of a model file"
    np.testing.assert_array_equal(pickle.loads(written).predict_proba(X), classifier.predict_proba(X))


@pytest.mark.expensive
def test_a_row_is_answered_alike_in_any_batch():
    model = ZooClassifier("elm", **ELM).fit(X, Y)
    alone = np.concatenate([model.predict_proba(X[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(alone, model.predict_proba(X[:5]))


@pytest.mark.expensive
def test_searches_and_folds_train_it():
    scores = cross_val_score(ZooClassifier("elm", **ELM), X, Y, cv=2)
    assert scores.mean() > 0.7
    search = GridSearchCV(ZooClassifier("elm", **ELM), {"hidden": [2, 20]}, cv=2).fit(X, Y)
    assert search.best_params_["hidden"] in (2, 20)


@pytest.mark.expensive
def test_a_regressor_predicts_one_and_several_numbers():
    y = X @ np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0], [0.5, 0.5]])
    one, two = ZooRegressor("elm", hidden=40).fit(X, y[:, 0]), ZooRegressor("elm", hidden=40).fit(X, y)
    assert one.predict(X).shape == (60,)
    assert two.predict(X).shape == (60, 2)
    assert one.score(X, y[:, 0]) > 0.9
    assert two.score(X, y) > 0.9


def test_a_map_transforms_to_the_distances_from_its_units():
    model = ZooTransformer("kohonen", rows=2, columns=3, epochs=2).fit(X)
    units = np.asarray(model.trained_.params["map"]["units"], np.float64)
    wanted = np.sqrt(np.square(model.trained_.scaler.apply(X)[:, None] - units).sum(-1))
    np.testing.assert_allclose(model.transform(X), wanted, rtol=1e-3, atol=1e-3)
    assert list(model.get_feature_names_out())[:2] == ["zootransformer0", "zootransformer1"]


def test_scikit_learn_is_imported_on_first_use_only():
    assert "ZooClassifier" in zoo.sklearn.__all__
    with pytest.raises(AttributeError, match="no attribute 'ZooCluster'"):
        zoo.sklearn.ZooCluster  # noqa: B018


class Frame:
    """Frame with the methods that those of pandas and polars share; a row of mixed types has no array."""

    def __init__(self, **cells: Any):
        self.cells, self.columns = {name: np.asarray(column) for name, column in cells.items()}, list(cells)
        self.shape = (len(self), len(cells))

    def to_numpy(self):
        return np.stack(list(self.cells.values()), axis=1)

    def __array__(self, dtype: Any = None, copy: Any = None):
        return self.to_numpy().astype(dtype)

    def __getitem__(self, which: Any):
        if isinstance(which, str):
            return Column(self.cells[which])
        return Frame(**({n: c[which] for n, c in self.cells.items()} if isinstance(which, slice) else
                        {n: self.cells[n] for n in which}))  # fmt: skip

    def __len__(self):
        return len(next(iter(self.cells.values())))


class Column(NamedTuple):
    cells: np.ndarray

    def to_numpy(self):
        return self.cells

    def to_list(self):
        return self.cells.tolist()


def test_estimators_read_frames_with_texts_dates_and_missing_values_by_the_names_of_columns():
    when = np.datetime64("2024-01-01") + np.arange(60)
    age = np.where(np.arange(60) % 7, X[:, 0], np.nan)
    frame = Frame(age=age, job=np.where(Y == "up", "cook", "clerk"), when=when)
    other = Frame(more=age, when=when, job=frame.cells["job"], age=age)
    model = ZooClassifier("elm", **ELM).fit(frame, Y)
    assert model.score(frame, Y) > 0.9  # the job is the class
    np.testing.assert_array_equal(model.predict_proba(other), model.predict_proba(frame))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(other), model.predict(frame))
    np.testing.assert_array_equal(model.trained_.predict_proba(other), model.trained_.predict_proba(frame))
    assert ZooRegressor("elm", column_kinds={"when": "ignore"}, **ELM).fit(frame, X[:, 0]).score(frame, X[:, 0]) > 0.5
    assert ZooTransformer("kohonen", rows=2, columns=2, epochs=1).fit_transform(frame).shape == (60, 4)
    with pytest.raises(ValueError, match="X is ndarray: expected a frame, as in fit, with the columns age, job, when"):
        model.predict(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="there is no column 'job'"):
        model.predict(Frame(age=age, when=when))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ZooClassifier("elm", **ELM).fit(frame, Y[:-1])


def test_a_classifier_of_two_classes_may_have_one_output_and_a_threshold():
    low, high = (ZooClassifier("logistic", epochs=2, task="binary", threshold=at).fit(X, Y) for at in (0.01, 0.99))
    np.testing.assert_array_equal(low.predict_proba(X), high.predict_proba(X))
    assert set(low.predict(X)) == {"up"}
    assert set(high.predict(X)) == {"down"}
    with pytest.raises(ValueError, match="task='regression' must be 'multiclass' or 'binary'"):
        ZooClassifier("mlp", task="regression").fit(X, Y)


def test_weights_of_classes_may_be_a_dict_by_their_values():
    y = np.where(X[:, 0] > 0, 7, -1)
    low, high = (ZooClassifier("elm", class_weights={7: weight, -1: 1}, **ELM).fit(X, y) for weight in (1e-4, 1e4))
    assert (low.predict(X) == -1).sum() > (y == -1).sum() > (high.predict(X) == -1).sum()
    assert clone(low).get_params()["class_weights"] == {7: 1e-4, -1: 1}
    with pytest.raises(ValueError, match="there is no class '8'"):
        ZooClassifier("elm", class_weights={8: 2}, **ELM).fit(X, y)
