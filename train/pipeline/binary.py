"""Inputs of 0 and 1: checks them for rules of learning whose probabilities are wrong for any other number."""

import numpy as np

from ..config.recipe import Recipe
from ..data.dataset import Dataset
from ..errors import BadInput

__all__ = ["check_binary"]

_SHOWN = 1 << 16  # examples that are looked at


def check_binary(recipe: Recipe, data: Dataset) -> None:
    """Checks that the inputs are 0 or 1 and stay so.

    Args:
        recipe: Recipe of the run, whose normalisation must be none.
        data: Data set as loaded.

    Raises:
        BadInput: If they are not; the message has the first other number.
    """
    if recipe.normalize != "none":
        raise BadInput(
            f"--normalize {recipe.normalize}: {recipe.model} reads patterns of 0 and 1 as they are: take "
            "--normalize none"
        )
    for split in (data.train, data.val, data.test):
        if split is None:
            continue
        x = np.asarray(split.x[:_SHOWN])
        wrong = np.argwhere((x != 0) & (x != 1))
        if len(wrong):
            place = ", ".join(map(str, wrong[0]))
            raise BadInput(
                f"{recipe.model} learns patterns of 0 and 1, in {data.name} x[{place}] is {x[tuple(wrong[0])]:g}: "
                "give 0 and 1, or take --model rbm, with --m.units gaussian for any numbers"
            )
