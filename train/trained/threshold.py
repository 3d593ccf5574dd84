"""The probability above which a trained model predicts a class or a label, chosen anew."""

from dataclasses import replace

import numpy as np

from ..errors import BadInput
from ..tasks import task_for
from ..tasks.baseline import as_frequent
from ..tasks.classification import logit
from .model import Trained

__all__ = ["with_threshold"]


def with_threshold(trained: Trained, threshold: float) -> Trained:
    """Returns a model of two classes or of several labels with another threshold; probabilities stay as they are.

    Args:
        trained: the model.
        threshold: probability above which the second class, or a label, is predicted.

    Raises:
        BadInput: if it is not between 0 and 1, or the task of the model has none.

    >>> from .model import load
    >>> with_threshold(load("cnn-digits"), 0.3)
    Traceback (most recent call last):
    zoo.train.errors.BadInput: --threshold 0.3 does not suit the task multiclass: it decides between two classes, ...
    """
    if not 0 < threshold < 1:
        raise BadInput(f"--threshold must be a number above 0 and below 1, got {threshold!r}")
    about = dict(trained.about)
    task = task_for(about["task"], about["loss"], about["made_for"]["outputs"], threshold=threshold)
    about["recipe"] = {**about["recipe"], "threshold": threshold}
    if about.get("baseline"):
        outputs = as_frequent(np.asarray(about["baseline"]["outputs"]), logit(threshold)).tolist()
        about["baseline"] = {**about["baseline"], "outputs": outputs}
    return replace(trained, task=task, about=about)
