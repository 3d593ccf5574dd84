"""What the data decides of a model: how many outputs, at which steps, of which vocabulary, of what shape."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp

from zoo import _catalogue
from zoo.layers import Layer, computing_in, each_player

from ..data.dataset import PER_STEP, Dataset, Source
from ..errors import BadInput

__all__ = ["ModelSpec", "build", "spec_for"]

_KINDS = {"float32": None, "bf16": jnp.bfloat16}


class ModelSpec(NamedTuple):
    """The arguments of an animal that no user gives.

    Attributes:
        outputs: classes, tokens, or numbers to predict.
        each: whether there is an answer at every step of time.
        vocabulary: how many tokens there are; 0: the input is numbers.
        shape: of one example, which a generator makes.
    """

    outputs: int
    each: bool = False
    vocabulary: int = 0
    shape: tuple[int, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ModelSpec":
        """From what a file says."""
        return cls(**{**values, "shape": tuple(values.get("shape", ()))})

    def arguments(self, taken: Collection[str] = ("outputs",)) -> dict[str, Any]:
        """Those that an animal is given.

        A generator has no use for `outputs` and a classifier none for `shape`: each gets what it takes. But `each` and
        `vocabulary` change what is asked, and an animal that does not take them must refuse them.
        """
        asked = [name for name in ("each", "vocabulary") if getattr(self, name)]
        given = [name for name in ("outputs", "shape") if name in taken]
        return {name: getattr(self, name) for name in (*given, *asked)}


def spec_for(kind: Source, data: Dataset) -> ModelSpec:
    """What loaded data wants of a model.

    >>> from ..data.dataset import load_data, source
    >>> spec_for(source("iris"), load_data("iris"))
    MadeFor(outputs=3, each=False, vocabulary=0, shape=(4,))
    """
    outputs = len(data.vocabulary) if data.task == "language" else data.outputs or kind.outputs
    return ModelSpec(outputs, data.task in PER_STEP, len(data.vocabulary), data.train.x.shape[1:])


def build(name: str, wanted: ModelSpec, options: Mapping[str, Any], dtype: str = "float32") -> Layer:
    """The animal of that name, made for the data.

    Args:
        name: of the animal.
        wanted: what the data decides.
        options: what the user decides.
        dtype: of the arithmetic, as a recipe names it.

    Raises:
        BadInput: if it has no such option, or refuses its value.
    """
    try:
        make, arguments = _catalogue.factory(name), wanted.arguments(_catalogue.card(name).decided)
    except (ImportError, ValueError) as error:
        raise BadInput(str(error)) from error
    try:
        model = make(**arguments, **options)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise BadInput(f"{name} cannot be made with {given or 'its defaults'}: {error}") from error
    kind = _KINDS[dtype]
    return model if kind is None else each_player(partial(computing_in, kind), model)
