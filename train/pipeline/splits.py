"""Splits a data set into training, validation and test examples, and fits their scalers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source, Split
from ..data.finite import check_finite
from ..data.normalize import Scaler, fit_scaler
from ..data.on_disk import DiskArray
from ..data.split import hold_back_last, train_val_split
from ..data.windows import chronological_split, differenced, hold_back_steps
from ..errors import BadInput
from .stream import OpenStream

__all__ = [
    "Scalers",
    "batches_that_fit",
    "check_split",
    "fitted_to_training",
    "preprocessed",
    "scalers_for",
    "validation_split",
]

Scalers = tuple[Scaler | None, Scaler | None]
"""Scalers of inputs and of targets."""


def validation_split(
    recipe: Recipe, data: Dataset, kind: Source, own: OpenStream | None
) -> tuple[Recipe, Split, Split | None]:
    """Returns recipe, training and validation examples; with patience a tenth is split off if no share is given.

    Raises:
        BadInput: If a share is given, but the data set has validation examples of its own.
    """
    if own is not None:
        return recipe, data.train, own.val
    if data.val is not None:
        if recipe.val_share:
            raise BadInput(f"--val-share {recipe.val_share:g}: {data.name} has validation examples of its own; omit it")
        return recipe, data.train, data.val
    recipe = replace(recipe, val_share=_share(recipe))
    if not recipe.val_share:
        return recipe, data.train, None
    if kind.kind == "text":  # in order, as later text must not be known
        return recipe, *hold_back_last(data.train, recipe.val_share)
    if data.task == "forecast":
        return recipe, *hold_back_steps(data.train, recipe.val_share)
    if kind.kind == "series":
        return recipe, *chronological_split(data.train, recipe.val_share)
    return recipe, *train_val_split(data.train, recipe.val_share, recipe.seed)


def fitted_to_training(recipe: Recipe, data: Dataset) -> Dataset:
    """Returns the data set whose statistics, those of a table's columns, are of the training examples alone.

    Without validation examples, and for all but tables, it is the data set as it was loaded.
    """
    share = _share(recipe)
    if data.fitted_to is None or not share or data.val is not None:
        return data
    places = Split(np.arange(len(data.train.y)), data.train.y)
    kept, _ = train_val_split(places, share, recipe.seed)
    return data.fitted_to(kept.x)


def _share(recipe: Recipe) -> float:
    """Returns the share of examples for validation: a tenth if patience needs some."""
    return 0.1 if recipe.patience is not None and not recipe.val_share else recipe.val_share


def batches_that_fit(
    recipe: Recipe, train: Split, held: Split | None, *, whole: bool = False
) -> tuple[Recipe, Split, Split | None]:
    """Limits the batch size to the number of examples.

    Args:
        recipe: Recipe with the batch size; with the optimizer gd, a batch is all examples.
        train: Examples to train on.
        held: Validation examples, returned as they are.
        whole: Whether the trainer needs all examples in one batch.

    Raises:
        BadInput: If all examples are needed in one batch, but they are on disk.
    """
    if train.x.ndim == 1:  # a text has no examples
        return recipe, train, held
    descent = recipe.opt == "gd" and not whole
    if (whole or descent) and isinstance(train.x, DiskArray):
        raise BadInput(
            f"{'--opt gd' if descent else f'the trainer {recipe.trainer}'} learns from all {len(train.x):,} examples "
            f"in one step, but they do not fit in memory (--in-memory){': take --opt sgd' if descent else ''}"
        )
    size = len(train.x) if whole or descent else min(recipe.batch_size, len(train.x))
    return replace(recipe, batch_size=size), train, held


def preprocessed(data: Dataset, train: Split, held: Split | None) -> dict[str, Split]:
    """Returns the splits by name, preprocessed for the model.

    Raises:
        BadInput: If a number of examples in memory or of targets is not finite; others are checked as they are read.
    """
    splits = {"train": train, "val": held, "test": data.test} if held else {"train": train, "test": data.test}
    for name, split in splits.items():
        check_split(split, f"{data.name}, split {name}")
    return {name: differenced(split) if data.relative else split for name, split in splits.items()}


def check_split(split: Split, where: str) -> None:
    """Raises BadInput for the first number of a split that is not finite, among those in memory."""
    for name, each in (("x", split.x), ("y", split.y)):
        if not isinstance(each, DiskArray):
            check_finite(each, f"{where}: {name}")


def scalers_for(
    recipe: Recipe, data: Dataset, train: Split, note: Callable[[str], None] = lambda text: None
) -> Scalers:
    """Fits the scalers of inputs and targets; tokens have none, and padded time steps do not count.

    Args:
        recipe: Recipe with the normalisation.
        data: Data set.
        train: Examples to fit to.
        note: Called with a line that names columns whose values floating-point numbers cannot distinguish.
    """

    def of_targets(line):
        note(f"targets: {line}")

    weight, targets = train.weight, None
    if data.task == "regression":
        targets = fit_scaler(train.y.reshape(len(train.y), -1), "standard", of_targets, weight)
    if data.vocabulary:
        return None, targets
    if train.lengths is None:
        return fit_scaler(train.x, recipe.normalize, note, weight), targets
    valid = np.arange(train.x.shape[1]) < train.lengths[:, None]
    weight = None if weight is None else np.repeat(weight, train.lengths)
    return fit_scaler(train.x[valid], recipe.normalize, note, weight), targets
