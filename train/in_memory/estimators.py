"""Estimators of scikit-learn, `zoo.sklearn`: a classifier, a regressor and a transformer around `zoo.fit`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    _check_sample_weight,  # pyright: ignore[reportPrivateUsage]
    check_array,
    check_consistent_length,
    check_is_fitted,
    has_fit_parameter,
    validate_data,
)

from ..config.recipe import book
from ..data.memory.arrays import cells_of, is_frame, is_numeric
from ..errors import BadInput
from ..trained.model import Trained
from .fit import trained
from .parameters import parameters, with_parameters

__all__ = ["ZooClassifier", "ZooRegressor", "ZooTransformer", "expected_failed_checks"]

_FIT = {  # arguments of `zoo.fit` itself, as an estimator gives them by default
    "val": None, "classes": (), "column_kinds": {}, "sample_weight": None, "recipe": "", "out": None, "quiet": True,
    "callbacks": (),
}  # fmt: skip
_LEAST = 64  # rows of a call of the compiled model
_WEIGHTS = (
    "weights and copies of the examples give the same model up to the rounding of float32, and of models that are "
    "trained in batches up to the order of these; the check demands ten digits"
)
_SETTINGS = "settings are attributes whose names depend on the model, so that they do not stand in the signature"


def expected_failed_checks(estimator: Any) -> dict[str, str]:
    """Returns the checks of scikit-learn's `check_estimator` that an estimator does not pass, each with its reason.

    There is one of classifiers and regressors, and one of estimators with settings.

    >>> from sklearn.utils.estimator_checks import check_estimator  # doctest: +SKIP
    >>> check_estimator(ZooRegressor(), expected_failed_checks=expected_failed_checks(ZooRegressor()))  # doctest: +SKIP
    """
    found = {} if set(parameters(estimator)) == {"model"} else {"check_no_attributes_set_in_init": _SETTINGS}
    weighted = has_fit_parameter(estimator, "sample_weight")
    return found | ({"check_sample_weight_equivalence_on_dense_data": _WEIGHTS} if weighted else {})


class _ZooEstimator(BaseEstimator):
    """Base of the estimators: parameters are those of `zoo.fit`, as far as they are given."""

    def __init__(self, model: str = "mlp", **settings: Any):
        self.model = model
        for name, value in settings.items():
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the model and the settings that were given, by name."""
        return parameters(self)

    def set_params(self, **params: Any) -> Any:
        """Sets the model or settings, also such that were not given before.

        Raises:
            ValueError: if `zoo.fit` has no argument of that name for the model.
        """
        return with_parameters(self, params)

    def _train(self, x: Any, y: Any, weight: Any = None, **more: Any) -> Any:
        given = _FIT | parameters(self) | more
        if weight is not None:
            given["sample_weight"] = _check_sample_weight(weight, x)
        own = {name: given.pop(name) for name in ("model", *_FIT)}
        result = trained(x=x, y=y, test=0, settings=given, **own)
        if result.signal:  # a search must not go on with models that are half trained
            raise KeyboardInterrupt
        self.trained_: Trained = result.load()
        return self

    def _checked(self, x: Any, y: Any = None, *, y_numeric: bool = False) -> tuple[Any, Any]:
        """Returns inputs and targets as arrays; a frame with columns that are no numbers stays as it is."""
        if not is_frame(x) or (is_numeric(x) and not parameters(self).get("column_kinds")):
            if y is None:
                return validate_data(self, x, allow_nd=True), None
            pair: Any = validate_data(self, x, y, allow_nd=True, multi_output=True, y_numeric=y_numeric)
            return pair
        validate_data(self, x, skip_check_array=True)  # keeps the names of the columns
        if y is not None:
            kind: Any = "numeric" if y_numeric else None
            y = check_array(y, ensure_2d=False, dtype=kind, input_name="y")
            check_consistent_length(x, y)
        return x, y

    def _read(self, x: Any) -> np.ndarray:
        check_is_fitted(self)
        encoder = self.trained_.encoder
        if encoder is None:
            return validate_data(self, x, reset=False, allow_nd=True)  # pyright: ignore[reportReturnType]
        if not is_frame(x):
            names = ", ".join(column.name for column in encoder.columns)
            raise BadInput(f"X is {type(x).__name__}: expected a frame, as in fit, with the columns {names}")
        return encoder.transform(cells_of(x))

    def _by_rows(self, compute: Any, x: np.ndarray) -> np.ndarray:
        """Computes in calls of few sizes, so that few programs are compiled and a row does not depend on the others."""
        size = max(_LEAST, 1 << (len(x) - 1).bit_length())
        return compute(x[np.minimum(np.arange(size), len(x) - 1)])[: len(x)]


class ZooClassifier(ClassifierMixin, _ZooEstimator):
    """Classifier of scikit-learn that trains a model of the zoo on all examples that `fit` gets.

    Args:
        model: name of the model.
        **settings: keyword arguments of `zoo.fit`: fields of the recipe such as `epochs`, `lr` and `seed`, options of
            the model such as `hidden`. `val_share` and `patience` hold examples back to stop early.

    Attributes:
        classes_: values of the classes.
        trained_: the trained model, as `zoo.fit` returns it.
        n_features_in_: number of features; `feature_names_in_` holds their names, if X was a frame.

    >>> x = np.linspace(-1, 1, 40).reshape(20, 2)
    >>> model = ZooClassifier("mlp", hidden=(8,), epochs=30, lr=0.03).fit(x, np.where(x[:, 0] > 0, "up", "down"))
    >>> model.predict(x[-2:]).tolist(), model.score(x, np.where(x[:, 0] > 0, "up", "down"))
    (['up', 'up'], 1.0)
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Trains the model on X (n, ...) and the classes y (n,), or the sets of labels y (n, labels) of 0 and 1.

        Args:
            X: examples.
            y: targets.
            sample_weight: weight of each example (n,), as that of `zoo.fit`.
        """
        x, y = self._checked(X, _given(y))
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            self.classes_ = np.arange(y.shape[1], dtype=y.dtype)
            return self._train(x, y.astype(np.int32), sample_weight, task="multilabel")
        y = _as_column(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadInput(f"{type(self).__name__}: y has only one class, {self.classes_[0]!r}: expected 2 or more")
        names = [str(each) for each in self.classes_]
        task = parameters(self).get("task", "multiclass")
        if task not in ("multiclass", "binary"):
            raise BadInput(f"{type(self).__name__}: task={task!r} must be 'multiclass' or 'binary' for these classes")
        weights = parameters(self).get("class_weights")
        more = {"class_weights": _by_name(weights, self.classes_.tolist())} if isinstance(weights, Mapping) else {}
        return self._train(x, indices.astype(np.int32), sample_weight, classes=names, task=task, **more)

    def predict(self, X: Any) -> np.ndarray:
        """Returns the class of each row of X, or its labels as 0 and 1."""
        x = self._read(X)
        found = self._by_rows(self.trained_.predict_indices, x)
        return found.astype(self.classes_.dtype) if found.ndim > 1 else self.classes_[found]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Returns probabilities (n, classes), in the order of `classes_`."""
        x = self._read(X)
        return self._by_rows(self.trained_.predict_proba, x)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = "multilabel" in book(self.model).tasks
        return tags


class ZooRegressor(RegressorMixin, _ZooEstimator):
    """Regressor of scikit-learn that trains a model of the zoo; parameters and attributes as of `ZooClassifier`."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Trains the model on X (n, ...) and the numbers y (n,) or (n, outputs); the weights are those of `zoo.fit`."""
        x, y = self._checked(X, _given(y), y_numeric=True)
        return self._train(x, y, sample_weight, task="regression")

    def predict(self, X: Any) -> np.ndarray:
        """Returns the values of each row of X, float64 (n,) or (n, outputs)."""
        x = self._read(X)
        return self._by_rows(self.trained_.predict, x)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class ZooTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, _ZooEstimator):
    """Transformer of scikit-learn: the outputs of a trained model are features for the next step of a pipeline.

    Of an `rbm` these are the probabilities of its hidden units, of a map of units, such as `kohonen`, the distances to
    all units (see `Trained.transform`). Parameters and attributes as of
    `ZooClassifier`.
    """

    def __init__(self, model: str = "kohonen", **settings: Any):
        super().__init__(model, **settings)

    def fit(self, X: Any, y: Any = None) -> Any:
        """Trains the model on X (n, ...), and on the targets y if it learns from targets."""
        x, _ = self._checked(X)
        self._train(x, None if book(self.model).sets_task else y)
        self._n_features_out = self._by_rows(self.trained_.transform, self._read(x[:1])).shape[1]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Returns the features float32 (n, outputs)."""
        return self._by_rows(self.trained_.transform, self._read(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _given(y: Any) -> Any:
    """Returns targets; None is refused in the words of scikit-learn."""
    if y is None:
        raise ValueError("This estimator requires y to be passed, but the target y is None.")
    return y


def _by_name(weights: Mapping[Any, float], classes: list) -> dict[str, float]:
    """Returns weights by the names of the classes, those of values that are no class by their text."""
    return {str(classes[classes.index(each)] if each in classes else each): weights[each] for each in weights}


def _as_column(y: np.ndarray) -> np.ndarray:
    """Returns targets (n,); of a column of targets (n, 1) with the warning that scikit-learn gives."""
    from sklearn.utils.validation import column_or_1d

    return column_or_1d(y, warn=True)
