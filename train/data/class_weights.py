"""Weights of classes in the loss, from the text of `--class-weights`."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..option_types import did_you_mean

if TYPE_CHECKING:
    import numpy as np

__all__ = ["BALANCED", "class_weights", "described_weights", "parse_weights"]

BALANCED = "balanced"
_SHOWN = 8  # weights in a line


def parse_weights(text: str) -> dict[str, float]:
    """Parses `name=weight,name=weight`; "" and "balanced" name no class.

    Raises:
        BadInput: if a part has another form, a weight is not a positive number, or a class is there twice.

    >>> parse_weights("yes=5,no=1")
    {'yes': 5.0, 'no': 1.0}
    """
    found: dict[str, float] = {}
    for part in text.split(",") if text not in ("", BALANCED) else ():
        name, equals, value = part.rpartition("=")
        name = name.strip()
        try:
            weight = float(value)
        except ValueError:
            weight = math.nan
        if not equals or not name or not 0 < weight < math.inf:
            raise BadInput(
                f"--class-weights {text}: expected {BALANCED}, or positive weights by the names of classes, "
                f"yes=5,no=1; got {part.strip()!r}"
            )
        if name in found:
            raise BadInput(f"--class-weights {text}: the class {name} is there twice")
        found[name] = weight
    return found


def class_weights(text: str, classes: Sequence[str], y: "np.ndarray") -> tuple[float, ...]:
    """Returns the weight of each class; () without a text.

    Args:
        text: "", `balanced` or `name=weight,...`; a class that is not named has the weight 1. Balanced weights are
            n / (classes in use * n of the class), so that each class has the same sum of weights.
        classes: names of the classes.
        y: training targets, class indices; negative ones are no targets.

    Raises:
        BadInput: as `parse_weights`, or if there is no class of such a name.

    >>> import numpy as np
    >>> class_weights("balanced", ("no", "yes"), np.array([0, 0, 0, 1]))
    (0.6666666666666666, 2.0)
    """
    import numpy as np

    if text != BALANCED:
        given = parse_weights(text)
        for name in given:
            if name not in classes:
                known = ", ".join(classes[:_SHOWN]) + ", ..." * (len(classes) > _SHOWN)
                raise BadInput(
                    f"--class-weights {text}: there is no class {name!r}{did_you_mean(name, classes)} "
                    f"(the classes are {known or 'none'})"
                )
        return tuple(given.get(name, 1.0) for name in classes) if given else ()
    y = np.asarray(y).reshape(-1)
    counts = np.bincount(y[y >= 0].astype(np.int64), minlength=len(classes))
    total = counts.sum() / np.count_nonzero(counts)
    return tuple(float(total / count) if count else 1.0 for count in counts)


def described_weights(weights: Sequence[float], classes: Sequence[str]) -> str:
    """Describes the weights in one line.

    >>> described_weights((0.6666666666666666, 2.0), ("no", "yes"))
    'no 0.6667, yes 2'
    """
    pairs = [f"{name} {weight:.4g}" for name, weight in zip(classes, weights, strict=True)]
    return ", ".join(pairs[:_SHOWN]) + ", ..." * (len(pairs) > _SHOWN)
