"""Builds models for data: the arguments that the data set fixes, and the arithmetic of the recipe."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp

from zoo import _catalogue
from zoo.layers import Layer, computing_in, each_player

from ..config.model_sizes import check_options
from ..data.dataset import Dataset, Source
from ..data.targets import CLASSES
from ..errors import BadInput
from ..option_types import coerce
from ..tasks import given_options, per_step, task_for
from ..tasks.task import Task

__all__ = ["ModelSpec", "build", "spec_for", "task_of"]

_KINDS = {"float32": None, "bf16": jnp.bfloat16}


class ModelSpec(NamedTuple):
    """Model arguments that the data set fixes.

    Attributes:
        outputs: number of classes, tokens, or numbers to predict.
        each: whether every time step has a target.
        vocabulary: number of tokens; 0: the inputs are numbers.
        shape: shape of one example, which generators and autoencoders need.
    """

    outputs: int
    each: bool = False
    vocabulary: int = 0
    shape: tuple[int, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ModelSpec":
        """Builds it from the values in a model file."""
        return cls(**{**values, "shape": tuple(values.get("shape", ()))})

    def arguments(self, taken: Collection[str] = ("outputs",)) -> dict[str, Any]:
        """Returns the arguments for a model that takes some of them.

        A generator has no use for `outputs` and a classifier none for `shape`: each gets what it takes. But `each` and
        `vocabulary` change the task, so that a model that does not take them must reject them.

        Args:
            taken: names of the arguments that the model takes.
        """
        asked = [name for name in ("each", "vocabulary") if getattr(self, name)]
        given = [name for name in ("outputs", "shape") if name in taken]
        return {name: getattr(self, name) for name in (*given, *asked)}


def spec_for(kind: Source, data: Dataset, task: str = "") -> ModelSpec:
    """Returns the model arguments that loaded data fix.

    Args:
        kind: source of the data.
        data: loaded data.
        task: name of the task; "": that of the data.

    >>> from zoo.train.data.dataset import load_data, source
    >>> spec_for(source("iris"), load_data("iris"))
    ModelSpec(outputs=3, each=False, vocabulary=0, shape=(4,))
    """
    task = task or data.task
    outputs = len(data.vocabulary) if data.task == "language" else data.outputs or kind.outputs
    if data.task in CLASSES and task != data.task:  # only the task binary has two classes by one output
        outputs = 1 if task == "binary" and len(data.classes) == 2 else len(data.classes) or outputs
    return ModelSpec(outputs, per_step(task), len(data.vocabulary), data.train.x.shape[1:])


def build(name: str, wanted: ModelSpec, options: Mapping[str, Any], dtype: str = "float32") -> Layer:
    """Builds a model for data.

    Args:
        name: name of the model.
        wanted: arguments that the data fix.
        options: options of the user.
        dtype: precision of the arithmetic, as in a recipe.

    Raises:
        BadInput: if the model has no such option, or rejects its value.
    """
    try:
        make, arguments = _catalogue.factory(name), wanted.arguments(_catalogue.card(name).decided)
    except (ImportError, ValueError) as error:
        raise BadInput(str(error)) from error
    try:
        options = _typed(name, options)
        check_options(options)
        model = make(**arguments, **options)
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        raise BadInput(f"{name} cannot be made with {given or 'its defaults'}: {error}") from error
    kind = _KINDS[dtype]
    return model if kind is None else each_player(partial(computing_in, kind), model)


def task_of(about: Mapping[str, Any]) -> Task:
    """Returns the task that the description in a model file names, with the options of its recipe.

    Raises:
        BadInput: if this version has no such task, or it does not accept an option.
    """
    recipe = about["recipe"]
    options = given_options(recipe.get("task", ""), recipe.get("t", {}))
    outputs, threshold = about["made_for"]["outputs"], recipe.get("threshold", 0.5)
    return task_for(about["task"], about["loss"], outputs, threshold=threshold, **options)


def _typed(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options, as they come from a file or from Python, in the types that the model declares.

    Raises:
        BadInput: if one has another type.
    """
    kinds = {option.name: option.type for option in _catalogue.card(name).options}
    return {key: coerce(kinds[key], value, key) if key in kinds else value for key, value in options.items()}
