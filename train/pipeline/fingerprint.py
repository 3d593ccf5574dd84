"""Fingerprints of data: a run is resumed, and a model scored on its own test examples, only if they are equal."""

import json
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source, Split
from ..data.on_disk import sample
from ..errors import BadInput
from ..tree import digest
from .splits import validation_split

__all__ = ["fingerprint", "fingerprint_in_training", "former_fingerprint"]


def fingerprint(data: Dataset) -> str:
    """Returns the SHA-256 of all examples and names of classes and tokens; of a sample of arrays beyond 64 MiB."""
    arrays = {
        f"{part}/{name}": array
        for part, split in (("train", data.train), ("test", data.test), ("val", data.val))
        for name, array in (split._asdict().items() if split else ())
        if array is not None
    }
    samples = {name: sample(array) for name, array in arrays.items()}
    lengths = {name: len(array) for name, array in arrays.items() if len(array) > len(samples[name])}
    more = [data.classes, data.vocabulary, *([lengths] if lengths else [])]
    return digest(samples, json.dumps(more))


def former_fingerprint(data: Dataset, kind: str) -> str:
    """Returns the fingerprint by versions that held targets, and inputs of a series as well, in float32."""

    def narrowed(split: Split) -> Split:
        with np.errstate(over="ignore"):
            y = split.y.astype(np.float32) if split.y.dtype == np.float64 else split.y
            return split._replace(y=y, x=split.x.astype(np.float32) if kind == "series" else split.x)

    return fingerprint(replace(data, train=narrowed(data.train), test=narrowed(data.test)))


def fingerprint_in_training(recipe: Recipe, data: Dataset, kind: Source) -> str:
    """Returns the fingerprint that a run on loaded data has, whose validation examples are split off.

    Args:
        recipe: Recipe of the run.
        data: Data as loaded.
        kind: Source of the data.

    Returns:
        The fingerprint; "" if the data are too few for that split, so that no run can have had them.
    """
    with suppress(BadInput):
        _, train, _ = validation_split(recipe, data, kind, None)
        return fingerprint(replace(data, train=train))
    return ""
