"""What the data decides of a model: how many outputs, at which steps, of which vocabulary."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import zoo
from zoo.layers import Layer

from .data.source import PER_STEP, Dataset, Source
from .errors import BadInput

__all__ = ["MadeFor", "made_for", "make_model"]


class MadeFor(NamedTuple):
    """The arguments of an animal that no user gives.

    Attributes:
        outputs: classes, tokens, or numbers to predict.
        each: whether there is an answer at every step of time.
        vocabulary: how many tokens there are; 0: the input is numbers.
    """

    outputs: int
    each: bool = False
    vocabulary: int = 0

    def arguments(self) -> dict[str, Any]:
        """Those that an animal must take: one that knows no time has no `each`, and needs none."""
        return {name: value for name, value in self._asdict().items() if name == "outputs" or value}


def made_for(kind: Source, data: Dataset) -> MadeFor:
    """What loaded data wants of a model.

    >>> from .data.source import load_data, source
    >>> made_for(source("iris"), load_data("iris"))
    MadeFor(outputs=3, each=False, vocabulary=0)
    """
    outputs = len(data.vocabulary) if data.task == "language" else data.outputs or kind.outputs
    return MadeFor(outputs, data.task in PER_STEP, len(data.vocabulary))


def make_model(name: str, wanted: MadeFor, options: Mapping[str, Any]) -> Layer:
    """The animal of that name, made for the data.

    Raises:
        BadInput: if it has no such option, or refuses its value.
    """
    try:
        return zoo.create(name, **wanted.arguments(), **options)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise BadInput(f"{name} cannot be made with {given or 'its defaults'}: {error}") from error
