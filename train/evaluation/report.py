"""Scores in detail of a trained model on test examples: per class, or of the values of a regression."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..metrics.decisions import BINS, Judged, measured
from ..tasks.task import Task
from ..trained.model import Trained
from ..trainers.scoring import judged as judged_by
from .baseline import baseline_outputs

__all__ = ["baseline_measures", "details", "in_words", "judged"]

_WORDS = {"f1": "F1", "roc_auc": "ROC AUC", "ece": f"calibration error (ECE, {BINS} bins)"}


def details(trained: Trained, data: Dataset) -> dict[str, Any]:
    """Computes the detailed scores of a model on the test examples; empty for a task without any."""
    task = trained.task
    if task.details is None or task.compare is None:
        return {}
    found = task.details(data, *task.compare(trained, data))
    if not task.measures:
        return found
    return found | {"measures": measured(judged(trained, data))}


def judged(trained: Trained, data: Dataset) -> Judged:
    """Returns the test examples with predictions and probabilities of a classifier."""
    x, y, lengths, weight = data.test
    return _judged(trained.task, np.asarray(y), trained.outputs(x, lengths), weight)


def baseline_measures(task: Task, data: Dataset, baseline: Mapping[str, Any]) -> dict[str, float | None]:
    """Computes the measures of a baseline on the test examples; empty for a task without any."""
    if not task.measures:
        return {}
    y = np.asarray(data.test.y)
    y = y[y >= 0] if task.measures == "steps" else y
    outputs = baseline_outputs(baseline, len(y))
    return measured(_judged(task, y, outputs, data.test.weight, task.frequent(outputs)))


def in_words(measures: Mapping[str, float | None]) -> str:
    """Formats measures in one line.

    >>> in_words({"f1": 0.5, "roc_auc": None})
    'F1 0.5000, ROC AUC undefined: the test examples have one class'
    """
    known = [f"{_word(name)} {value:.4f}" for name, value in measures.items() if value is not None]
    missing = [_word(name) for name, value in measures.items() if value is None]
    if missing:
        known.append(f"{', '.join(missing)} undefined: the test examples have one class")
    return ", ".join(known)


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))


def _judged(task: Task, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None, decided: Any = None) -> Judged:
    """Returns examples with the probabilities of outputs, and the predictions of these or of others."""
    assert task.probabilities is not None, "tasks with measures have probabilities"
    predicted, probabilities = task.predict(outputs if decided is None else decided), task.probabilities(outputs)
    predicted, probabilities = np.asarray(predicted), np.asarray(probabilities)
    return judged_by(task, y, predicted, probabilities, weight)
