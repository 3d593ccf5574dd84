"""Estimators of scikit-learn that train models of the zoo: `from zoo.sklearn import ZooClassifier`.

ZooClassifier("mlp", hidden=(64,), epochs=20).fit(X, y).predict(X)

They work in `Pipeline`, `cross_val_score` and `GridSearchCV`, and pass scikit-learn's `check_estimator`. They are
imported on first use, as scikit-learn takes a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..train.in_memory.estimators import ZooClassifier as ZooClassifier
    from ..train.in_memory.estimators import ZooRegressor as ZooRegressor
    from ..train.in_memory.estimators import ZooTransformer as ZooTransformer
    from ..train.in_memory.estimators import expected_failed_checks as expected_failed_checks

__all__ = ["ZooClassifier", "ZooRegressor", "ZooTransformer", "expected_failed_checks"]


def __getattr__(name: str) -> Any:
    """Imports an estimator on first access."""
    if name in __all__:
        return getattr(import_module("..train.in_memory.estimators", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
