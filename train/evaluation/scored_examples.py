"""The examples that a saved model is scored on, and notes on whether the model may have learned from them."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source, Split
from ..data.on_disk import DiskArray
from ..data.split import joined
from ..errors import BadInput, CheckpointUnusable
from ..pipeline.fingerprint import fingerprint_in_training
from ..trained.model import Trained

__all__ = ["ScoredExamples", "recipe_of", "scored_examples"]

_PATHS = ("folder", "file", "test_file", "test_folder")


class ScoredExamples(NamedTuple):
    """Data whose test split is to be scored, and notes for the reader of the scores."""

    data: Dataset
    notes: tuple[str, ...]


def scored_examples(
    trained: Trained,
    kind: Source,
    data: Dataset,
    options: Mapping[str, Any],
    changed: Mapping[str, Any],
    *,
    whole: bool,
) -> ScoredExamples:
    """Selects the examples to score, and compares the data with those of the training.

    Args:
        trained: the model.
        kind: source of the data.
        data: data as loaded.
        options: options that they were loaded with.
        changed: those that differ from the training's, or from the defaults of another data set.
        whole: whether to score all examples.

    Raises:
        BadInput: if all examples are to be scored and that is not possible.
    """
    about, path = trained.about, next((options[name] for name in _PATHS if options.get(name)), "")
    own, known = kind.name == about["dataset"], about.get("fingerprint")
    same = own and known is not None and known == fingerprint_in_training(recipe_of(trained), data, kind)
    notes = () if same or not own else _other_data(data, changed, known, path)
    test, total = len(data.test.x), len(data.train.x) + len(data.test.x)
    if whole and not data.held_out:
        return ScoredExamples(data, notes)
    if whole:
        among = (
            (f"all {total:,} {data.unit} are scored, among them those that the model was trained on",) if same else ()
        )
        return ScoredExamples(replace(data, test=_joined(data)), (*notes, *among))
    if path and not same and (not own or not set(changed).isdisjoint(_PATHS)):
        notes = (
            *notes,
            f"scored are {test:,} of the {total:,} {data.unit} of {path}, its test split: --all scores all",
        )
    return ScoredExamples(data, notes)


def recipe_of(trained: Trained) -> Recipe:
    """Returns the recipe that a model was trained by, without the expected result.

    Raises:
        CheckpointUnusable: if the model file has none, as that of a classifier of images.
    """
    if not trained.about["recipe"]:
        raise CheckpointUnusable(f"the file of this {trained.about['model']} has no recipe, by which it is scored")
    known = {each.name for each in fields(Recipe)} - {"expect"}
    return Recipe(**{name: value for name, value in trained.about["recipe"].items() if name in known})


def _other_data(data: Dataset, changed: Mapping[str, Any], known: Any, path: str) -> tuple[str, ...]:
    """Returns the note on data of the training's name that are not known to be those of the training."""
    if changed:
        flags = ", ".join(f"--d.{option} {value}" for option, value in changed.items())
        return (f"with {flags} some of these examples may be among the training examples of the model",)
    if known is not None:
        return (
            f"the data are not those of the training, {path or data.name} was changed since: the test split is another "
            "one, examples that the model was trained on are among those scored, and the scores are too good; "
            "evaluate files that the model has not seen, with --all",
        )
    if path:
        return (f"the model file is of an older version and does not tell whether {path} was changed since",)
    return ()


def _joined(data: Dataset) -> Split:
    """Returns the examples of both splits as one.

    Raises:
        BadInput: if they stay on the disk, or the text has scores of its test split alone.
    """
    train, test = data.train, data.test
    if isinstance(train.x, DiskArray) or isinstance(test.x, DiskArray):
        raise BadInput(f"--all: the {data.unit} of {data.name} do not fit in memory; evaluate parts of them")
    if data.task == "language" and (data.characters, data.spelling) != (1.0, 0.0):
        raise BadInput(f"--all: bits per character of words are known for the test split of {data.name} alone; omit it")
    if data.task == "forecast":  # the test split continues the series
        x = np.concatenate([train.x, test.x], axis=1)
        return Split(x, x[:, 1:])
    return joined(train, test)
