"""Scores in detail of a trained model on test examples: per class, or of the values of a regression."""

from typing import Any

from ..data.dataset import Dataset
from ..trained.model import Trained

__all__ = ["details"]


def details(trained: Trained, data: Dataset) -> dict[str, Any]:
    """Computes the detailed scores of a model on the test examples; empty for a task without any."""
    task = trained.task
    if task.details is None or task.compare is None:
        return {}
    return task.details(data, *task.compare(trained, data))
