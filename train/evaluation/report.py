"""What a trained model answers on examples whose truth is known, and the scores behind it: by class, or of values."""

from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..metrics import classification, regression
from ..trained.model import Trained

__all__ = ["answered", "detailed"]


def answered(model: Trained, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The truth of the test examples and what the model says: class indices (n,), or values (n, outputs).

    Of tags only the steps that have one.
    """
    x, y, lengths = data.test
    said = model.predict(x, lengths)
    if data.task == "regression":
        said = said.reshape(len(y), -1)
        return np.asarray(y).reshape(said.shape), said
    if data.task == "tagging":
        return y[y >= 0], said[y >= 0]
    return np.asarray(y).reshape(-1), said


def detailed(data: Dataset, truth: np.ndarray, said: np.ndarray) -> dict[str, Any]:
    """The scores of what `answered` gave: by class with the confusion matrix, or of the values of a regression."""
    if data.task == "regression":
        # As in the run's own rows: of the changes, where these are learned. The errors are the same either way.
        level = data.test.x[:, -1] if data.relative else 0
        r2 = regression.r2(truth - level, said - level)
        return {"r2": r2, "rmse": regression.rmse(truth, said), "mae": regression.mae(truth, said)}
    count = len(data.classes)
    matrix = classification.confusion_matrix(truth, said, count)
    return {"classes": classification.class_scores(truth, said, count)._asdict(), "confusion": matrix}
