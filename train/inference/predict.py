"""What a saved model says of examples: plain values by name, ready to be printed, or written as JSON or CSV."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..data.dataset import Dataset, Split, source
from ..errors import BadInput
from ..trained.model import Trained
from .inputs.batch import Batch

__all__ = ["in_a_line", "predictions", "to_csv"]

_TOP = 3


def predictions(trained: Trained, batch: Batch) -> Iterator[dict[str, Any]]:
    """What the model says of each example of a batch.

    Yields:
        `input`, its name, and by task: `class`, `probability`, `top` (the three likeliest classes) and `probabilities`
        (all); `labels` and `probabilities`; `tags` and `probabilities`, of each step; `value`, or `values` of several,
        with `unit`; of a text `tokens`, `bits_per_character` (or `bits_per_word`), `perplexity` and `accuracy`.

    Raises:
        BadInput: if it is no model that answers.
    """
    known = {
        "binary": _classes, "multiclass": _classes, "multilabel": _labels, "tagging": _tags, "regression": _values,
        "language": _text,
    }  # fmt: skip
    if trained.task.name not in known:
        raise BadInput(f"{trained.about['model']} answers nothing about an input: it makes samples")
    for name, said in zip(batch.names, known[trained.task.name](trained, batch.x), strict=True):
        yield {"input": name, **said}


def in_a_line(said: Mapping[str, Any], width: int = 0) -> str:
    """A prediction for a person.

    >>> top = [{"class": "3", "probability": 0.9}, {"class": "8", "probability": 0.1}]
    >>> in_a_line({"input": "a.png", "class": "3", "probability": 0.9, "top": top})
    'a.png  3  90.0 %   (8  10.0 %)'
    """
    name = said["input"].ljust(width)
    if "top" in said:
        first, *rest = (f"{each['class']}  {100 * each['probability']:.1f} %" for each in said["top"])
        return f"{name}  {first}   ({', '.join(rest)})"
    if "tags" in said:
        return f"{name}  {' '.join(said['tags'])}"
    if "labels" in said:
        return f"{name}  {', '.join(said['labels']) or 'none'}"
    if "perplexity" in said:
        bits = next(key for key in said if key.startswith("bits"))
        return f"{name}  {said[bits]:.4f} {bits.replace('_', ' ')}, perplexity {said['perplexity']:.4g}"
    numbers = said.get("values", [said.get("value")])
    return f"{name}  {' '.join(f'{number:.6g}' for number in numbers)}" + (f"  {said['unit']}" if said["unit"] else "")


def to_csv(said: Sequence[Mapping[str, Any]]) -> bytes:
    """Predictions as a table in UTF-8, a line each; of several answers each has a column of its own."""
    rows = [_flat(each) for each in said]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _flat(said: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: value for name, value in said.items() if not isinstance(value, dict | list)}
    if "tags" in said:
        return row | {f"step {i}": tag for i, tag in enumerate(said["tags"], 1)}
    if "values" in said:
        return row | {f"value {i}": value for i, value in enumerate(said["values"], 1)}
    labels = {"labels": " ".join(said["labels"])} if "labels" in said else {}
    return row | labels | {f"p({name})": value for name, value in said.get("probabilities", {}).items()}


def _classes(trained: Trained, x: np.ndarray) -> Iterator[dict[str, Any]]:
    for shares in trained.probabilities(x):
        best = np.argsort(-shares, kind="stable")[:_TOP]
        top = [{"class": trained.classes[i], "probability": float(shares[i])} for i in best]
        everything = {name: float(share) for name, share in zip(trained.classes, shares, strict=True)}
        yield {**top[0], "top": top, "probabilities": everything}


def _labels(trained: Trained, x: np.ndarray) -> Iterator[dict[str, Any]]:
    for shares in trained.probabilities(x):
        named = {name: float(share) for name, share in zip(trained.classes, shares, strict=True)}
        yield {"labels": [name for name, share in named.items() if share > 0.5], "probabilities": named}


def _tags(trained: Trained, x: np.ndarray) -> Iterator[dict[str, Any]]:
    for steps in trained.probabilities(x):
        yield {
            "tags": [trained.classes[i] for i in steps.argmax(-1)],
            "probabilities": [float(share) for share in steps.max(-1)],
        }


def _values(trained: Trained, x: np.ndarray) -> Iterator[dict[str, Any]]:
    for values in trained.predict(x).reshape(len(x), -1):
        numbers = [float(value) for value in values]
        many = trained.about["kind"] == "series" or len(numbers) > 1
        yield {"values" if many else "value": numbers if many else numbers[0], "unit": trained.about["target"]}


def _text(trained: Trained, x: np.ndarray) -> Iterator[dict[str, Any]]:
    from ..data.vocabulary import Vocabulary
    from ..evaluation.saved_model import score

    what = Vocabulary(tuple(trained.about["vocabulary"])).level.removesuffix("s")
    vocabulary, kind = tuple(trained.about["vocabulary"]), source(trained.about["dataset"])
    for tokens in x:
        split = Split(tokens[:-1], tokens[1:])
        found = score(trained, kind, Dataset(kind.name, "language", split, split, vocabulary=vocabulary))
        bits = found["nats"] / math.log(2)
        yield {
            "tokens": len(tokens), f"bits_per_{what}": bits, "perplexity": 2**bits, "accuracy": found["accuracy"],
        }  # fmt: skip
