"""A data file made by chance: how training is asked to read it, and what it holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo.train.data.dataset import Dataset

__all__ = ["Case", "Random", "chance", "check", "pick"]

Random = np.random.Generator


@dataclass(frozen=True)
class Case:
    """Holds a file of a user.

    Attributes:
        path: the file, or the folder of several.
        dataset: computes the name of the data set; raises BadInput if the files form none.
        model: name of a model for the data.
        holds: checks that the loaded data are those that were written; raises AssertionError.
        options: options of the data set.
        model_options: options of the model.
        oddity: what is odd about the file, for the tally.
        refused: whether it must be refused; None: either is right.
    """

    path: Path
    dataset: Callable[[], str]
    model: Callable[[str], str]
    holds: Callable[[Dataset], None]
    options: Mapping[str, Any]
    model_options: Mapping[str, Any] = field(default_factory=dict)
    oddity: str = ""
    refused: bool | None = None


def pick(random: Random, some: Any) -> Any:
    """Returns one of some values by chance."""
    some = list(some)
    return some[int(random.integers(len(some)))]


def chance(random: Random, share: float) -> bool:
    """Returns True in a share of the calls."""
    return bool(random.random() < share)


def check(good: Any, what: str) -> None:
    """Raises AssertionError with a reason unless a condition holds."""
    if not good:
        raise AssertionError(what)
