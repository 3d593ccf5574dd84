"""Weights of classes in the loss, from the text of `--class-weights`."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..option_types import did_you_mean

if TYPE_CHECKING:
    import numpy as np

__all__ = ["BALANCED", "class_weights", "described_weights", "parse_weights", "weights_text"]

BALANCED = "balanced"
_SHOWN = 8  # weights in a line


def parse_weights(text: str) -> dict[str, float]:
    """Parses `name=weight,name=weight`, or the same as a JSON object; "" and "balanced" name no class.

    Raises:
        BadInput: if a part has another form, a weight is not a positive number, or a class is there twice.

    >>> parse_weights("yes=5,no=1")
    {'yes': 5.0, 'no': 1.0}
    """
    found: dict[str, float] = {}
    for name, value, part in _pairs(text):
        try:
            weight = float(value)
        except (TypeError, ValueError):
            weight = math.nan
        if not name or not 0 < weight < math.inf:
            raise BadInput(
                f"--class-weights {text}: expected {BALANCED}, or positive weights by the names of classes, "
                f"yes=5,no=1; got {part.strip()!r}"
            )
        if name in found:
            raise BadInput(f"--class-weights {text}: the class {name} is there twice")
        found[name] = weight
    return found


def _pairs(text: str) -> list[tuple[str, Any, str]]:
    """Returns name and weight of each part of a text, and the part itself."""
    if text in ("", BALANCED):
        return []
    if text.startswith("{"):
        try:
            return [(name, value, f"{name}={value}") for name, value in json.loads(text).items()]
        except ValueError as error:
            raise BadInput(f"--class-weights {text}: no JSON object ({error})") from None
    parts = [(*part.rpartition("="), part) for part in text.split(",")]
    return [(name.strip(), value, part) for name, _, value, part in parts]


def weights_text(weights: Any) -> Any:
    """Returns weights in a dict by class as the text of `--class-weights`; anything else as it is.

    Classes that are whole numbers may be given as any type that equals them, as True and 1.0 equal 1.

    >>> weights_text({"yes": 5, "no": 1}), weights_text({"a, b": 2.5}), weights_text({True: 5})
    ('yes=5,no=1', '{"a, b": 2.5}', '1=5')
    """
    if not isinstance(weights, Mapping):
        return weights
    named = {_name(key): each.item() if hasattr(each, "item") else each for key, each in weights.items()}
    if any("," in name or name.startswith("{") or name != name.strip() for name in named):
        return json.dumps(named, default=str)
    return ",".join(f"{name}={weight}" for name, weight in named.items())


def _name(key: Any) -> str:
    """Returns the name of a class by which weights are given."""
    value = key.item() if hasattr(key, "item") else key  # of numpy
    whole = isinstance(value, bool) or (isinstance(value, float) and value.is_integer())
    return str(int(value)) if whole else str(value)


def class_weights(
    text: str, classes: Sequence[str], y: "np.ndarray", weight: "np.ndarray | None" = None
) -> tuple[float, ...]:
    """Returns the weight of each class; () without a text.

    Args:
        text: "", `balanced` or `name=weight,...`; a class that is not named has the weight 1. Balanced weights are
            n / (classes in use * n of the class), so that each class has the same sum of weights.
        classes: names of the classes.
        y: training targets, class indices; negative ones are no targets.
        weight: weight of each example, by which balanced weights count it; None: all count the same.

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
    there = y >= 0
    counts = np.bincount(y[there].astype(np.int64), None if weight is None else weight[there], minlength=len(classes))
    total = counts.sum() / np.count_nonzero(counts)
    return tuple(float(total / count) if count else 1.0 for count in counts)


def described_weights(weights: Sequence[float], classes: Sequence[str]) -> str:
    """Describes the weights in one line.

    >>> described_weights((0.6666666666666666, 2.0), ("no", "yes"))
    'no 0.6667, yes 2'
    """
    pairs = [f"{name} {weight:.4g}" for name, weight in zip(classes, weights, strict=True)]
    return ", ".join(pairs[:_SHOWN]) + ", ..." * (len(pairs) > _SHOWN)
