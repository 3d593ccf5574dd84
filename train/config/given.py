"""Values of a recipe that follow from those that a user gave, on the command line, in a file or in Python."""

from collections.abc import Mapping
from typing import Any

__all__ = ["no_steps", "shorter_warmup"]


def no_steps(given: Mapping[str, Any]) -> dict[str, None]:
    """Returns no number of steps if only the epochs were given: these set the length then.

    >>> no_steps({"epochs": 3}), no_steps({"epochs": 3, "steps": 9})
    ({'steps': None}, {})
    """
    return {"steps": None} if "epochs" in given and "steps" not in given else {}


def shorter_warmup(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, float]:
    """Returns a warmup of a tenth of the epochs if only those were given and the recipe's warmup is not shorter.

    Args:
        values: all values of the recipe.
        given: those that the user gave.
    """
    epochs, warmup = values["epochs"], values["warmup_epochs"]
    own = "epochs" in given and "warmup_epochs" not in given
    return {"warmup_epochs": epochs / 10} if own and 0 < epochs <= warmup else {}
