"""Predictions of a saved model as plain values by name, ready to be printed or written as JSON or CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..data.dataset import Dataset, Split, source
from ..errors import BadInput
from ..trained.model import Trained
from .inputs.batch import Batch

__all__ = ["in_a_line", "predictions", "to_csv"]


def predictions(trained: Trained, batch: Batch) -> Iterator[dict[str, Any]]:
    """Predicts each example of a batch.

    Yields:
        `input`, the name of the example, `identifiers` of a row of a table, and values that depend on the task:
        `class`, `probability`, `top` (the three most likely classes) and `probabilities` (all); `labels` and
        `probabilities`; `tags` and `probabilities`, of each step; `value`, or `values` of several, with `unit`; for a
        text `tokens`, `bits_per_character` (or `bits_per_word`), `perplexity` and `accuracy`; for other tasks numbers
        by name.

    Raises:
        BadInput: if the task has no predictions.
    """
    describe = trained.task.describe
    if describe is None:
        raise BadInput(f"{trained.about['model']} predicts nothing from an input: it generates samples (zoo sample)")

    def score(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
        from ..evaluation.saved_model import score

        kind, split = source(trained.about["dataset"]), Split(x, y)
        vocabulary = tuple(trained.about["vocabulary"])
        return score(trained, kind, Dataset(kind.name, kind.task, split, split, vocabulary=vocabulary))

    own = [{"identifiers": each} for each in batch.identifiers] or [{}] * len(batch.names)
    for name, known, values in zip(batch.names, own, describe(trained, batch.x, score), strict=True):
        yield {"input": name, **known, **values}


def in_a_line(values: Mapping[str, Any], width: int = 0) -> str:
    """Formats a prediction as one line.

    Args:
        values: one of those that `predictions` yields.
        width: columns of the name of the input.

    >>> top = [{"class": "3", "probability": 0.9}, {"class": "8", "probability": 0.1}]
    >>> in_a_line({"input": "a.png", "class": "3", "probability": 0.9, "top": top})
    'a.png  3  90.0 %   (8  10.0 %)'
    >>> in_a_line({"input": "a.png", "mse": 0.125, "max_error": 2.0})
    'a.png  mse 0.125, max error 2'
    """
    name = " ".join((values["input"].ljust(width), *values.get("identifiers", {}).values()))
    if "top" in values:
        first, *rest = (f"{each['class']}  {100 * each['probability']:.1f} %" for each in values["top"])
        return f"{name}  {first}   ({', '.join(rest)})"
    if "tags" in values:
        return f"{name}  {' '.join(values['tags'])}"
    if "labels" in values:
        return f"{name}  {', '.join(values['labels']) or 'none'}"
    if "perplexity" in values:
        bits = next(key for key in values if key.startswith("bits"))
        return f"{name}  {values[bits]:.4f} {bits.replace('_', ' ')}, perplexity {values['perplexity']:.4g}"
    if "unit" in values:
        numbers = values.get("values", [values.get("value")])
        unit = f"  {values['unit']}" if values["unit"] else ""
        return f"{name}  {' '.join(f'{number:.6g}' for number in numbers)}" + unit
    plain = {key.replace("_", " "): each for key, each in values.items() if not isinstance(each, dict | list)}
    del plain["input"]
    return f"{name}  " + ", ".join(
        f"{key} {each:.6g}" if isinstance(each, int | float) else f"{key} {each}" for key, each in plain.items()
    )


def to_csv(predictions: Sequence[Mapping[str, Any]]) -> bytes:
    """Formats predictions as a CSV table in UTF-8, one line each, with a column for each of several values."""
    rows = [_flat(each) for each in predictions]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    row = {"input": values["input"], **values.get("identifiers", {})}
    row |= {name: value for name, value in values.items() if not isinstance(value, dict | list)}
    if "tags" in values:
        return row | {f"step {i}": tag for i, tag in enumerate(values["tags"], 1)}
    if "values" in values:
        return row | {f"value {i}": value for i, value in enumerate(values["values"], 1)}
    labels = {"labels": " ".join(values["labels"])} if "labels" in values else {}
    return row | labels | {f"p({name})": value for name, value in values.get("probabilities", {}).items()}
