"""A recipe binds an animal to data, trainer, optimizer, schedule, length and the result to expect.

It is a frozen dataclass of plain values: it fills the command line's defaults, is saved with the run and needs
neither jax nor numpy to be read. The recipes themselves lie in `recipes/`, one file an animal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal

from ..data.dataset import SOURCES, Source, source
from ..errors import BadInput

__all__ = ["Expect", "ModelRecipes", "Recipe", "book", "check_compatible", "recipe_for"]

Optimizer = Literal[
    "gd", "sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw", "lion", "lamb", "muon"
]  # fmt: skip
Schedule = Literal["constant", "step", "exponential", "cosine", "onecycle", "plateau"]
Loss = Literal[
    "auto", "cross_entropy", "quadratic", "hinge", "mse", "half_mse", "mae", "huber", "arctan"
]  # fmt: skip
Precision = Literal["float32", "bf16"]
Normalization = Literal["none", "unit", "symmetric", "standard"]
Augmentation = Literal["none", "shift", "flip", "shift_flip"]


@dataclass(frozen=True)
class Expect:
    """The result that a recipe is held to, and where the figure comes from."""

    metric: str
    value: float
    source: str
    at_most: bool = False  # the figure is a ceiling (an error), not a floor


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run computes. Two runs of one recipe on one machine give the same numbers."""

    model: str
    dataset: str
    variant: str = ""  # tells recipes of one animal and data set apart
    trainer: str = "supervised"
    task: str = ""  # "" is the data set's own
    m: Mapping[str, Any] = field(default_factory=dict)  # options of the model
    d: Mapping[str, Any] = field(default_factory=dict)  # options of the data set
    t: Mapping[str, Any] = field(default_factory=dict)  # options of the trainer
    # length
    epochs: float = 20
    steps: int | None = None  # overrides epochs
    batch_size: int = 64
    seed: int = 0
    # optimizer
    opt: Optimizer = "adam"
    lr: float = 1e-3
    momentum: float = 0.9
    b2: float = 0.999  # second decay of adam and its kin
    sched: Schedule = "constant"
    warmup_epochs: float = 0
    step_epochs: float = 10  # so often `step` and `exponential` multiply the rate by `decay`; patience of `plateau`
    decay: float = 0.1
    clip_grad: float | None = None
    accumulate: int = 1
    ema: float | None = None
    # against overfitting
    weight_decay: float = 0
    l1: float = 0
    l2: float = 0
    label_smoothing: float = 0
    augment: Augmentation = "none"
    patience: int | None = None  # epochs without a better validation score before the run stops
    val_share: float = 0  # of the training examples, held back for choosing
    # data and loss
    normalize: Normalization = "standard"
    loss: Loss = "auto"
    dtype: Precision = "float32"  # of the arithmetic; parameters, norms and losses are float32 in any case
    # what to expect of it
    expect: Expect | None = None


@dataclass(frozen=True)
class ModelRecipes:
    """An animal's recipes, the first one its default, and what it can be paired with."""

    recipes: tuple[Recipe, ...]
    kinds: tuple[str, ...] = ("image", "table", "points")
    tasks: tuple[str, ...] = ("binary", "multiclass", "multilabel", "regression")


def book(model: str) -> ModelRecipes:
    """The recipes of an animal."""
    return import_module(f"..recipes.{model}", __package__).RECIPES


def recipe_for(model: str, dataset: str | None = None, variant: str = "") -> Recipe:
    """The recipe of an animal on a data set: its own, else that of the most similar data with the name exchanged.

    Raises:
        BadInput: if the animal cannot learn from that data, or has no recipe of that name.

    >>> recipe_for("cnn").dataset
    'digits'
    """
    recipes = book(model).recipes
    if dataset is None:
        dataset = next((r.dataset for r in recipes if r.variant == variant), recipes[0].dataset)
    check_compatible(model, source(dataset))
    for recipe in recipes:
        if (recipe.dataset, recipe.variant) == (dataset, variant):
            return recipe
    if variant:
        known = [f"{r.variant} (on {r.dataset})" for r in recipes if r.variant] or ["none"]
        raise BadInput(f"{model} has no recipe {variant!r} on {dataset}; it has: {', '.join(known)}")
    like = max(recipes, key=lambda r: _likeness(SOURCES[r.dataset], SOURCES[dataset]))
    return replace(like, dataset=dataset, variant="", d={}, expect=None)


def check_compatible(model: str, data: Source) -> None:
    """Raises BadInput with the reason if an animal cannot learn from such data."""
    pages = book(model)
    shape = f" of shape {'x'.join(map(str, data.shape))}" if data.shape else ""
    if data.kind not in pages.kinds:
        raise BadInput(
            f"{model} reads {' or '.join(pages.kinds)} data; {data.name} is {data.kind} data{shape}. "
            f"Take another animal ({_reader(data)}) or another data set ({_such(pages, 'kind')})"
        )
    if data.task not in pages.tasks:
        raise BadInput(
            f"{model} does {' or '.join(pages.tasks)}; {data.name} is a {data.task} task. "
            f"Take another animal ({_reader(data)}) or another data set ({_such(pages, 'task')})"
        )


def _reader(data: Source) -> str:
    """An animal that takes such data whatever its task."""
    return "mlp reads it" if data.kind in ("image", "table", "points") else "lstm reads it"


def _such(pages: ModelRecipes, what: str) -> str:
    good = [s.name for s in SOURCES.values() if s.kind in pages.kinds and s.task in pages.tasks]
    return ", ".join(good[:6])


def _likeness(a: Source, b: Source) -> tuple:
    return (a.kind == b.kind, a.task == b.task, -abs(len(a.shape) - len(b.shape)))
