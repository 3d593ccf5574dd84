"""Recipe of a training run: model, data set, trainer, optimizer, schedule, length and the result to expect.

It is a frozen dataclass of plain values: it supplies the defaults of the command line, is saved with the run and needs
neither jax nor numpy. The recipes of the zoo are in `recipes/`, one file a model; those of a model of another package
or file are in the model's own module, under the name RECIPES.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any, Literal

from zoo import _catalogue
from zoo._literals import assigned

from ..data.dataset import Source, source
from ..data.sources import sources
from ..data.targets import other_targets
from ..errors import BadInput
from ..option_types import Bounds, Seed
from .expect import Expect

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


Share = Annotated[float, Bounds(0, 1, open_high=True)]
Positive = Annotated[float, Bounds(0, open_low=True)]
NotNegative = Annotated[float, Bounds(0)]
Count = Annotated[int, Bounds(1)]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a run: two runs of one recipe on one machine give the same numbers.

    Attributes:
        model: name of the model.
        dataset: name of the data set.
        variant: name of the recipe, where a model has several for a data set.
        trainer: name of the trainer, the learning rule.
        task: task to train the model for (default: the task of the data set).
        m: options of the model.
        d: options of the data set.
        t: options of the trainer.
        fold: part of all examples to be the test split, as 0/5 to 4/5, stratified by class (default: the test split of
            the data set).
        epochs: passes over the training examples.
        steps: number of training steps, instead of --epochs (default: as --epochs sets it).
        batch_size: examples in a batch, over all devices together.
        seed: seed of all random numbers.
        opt: optimizer.
        lr: learning rate.
        momentum: momentum (momentum, nesterov) or beta1, decay rate of the first-moment estimate (adam, adamw, lamb,
            lion).
        b2: beta2: decay rate of the second-moment estimate (adam, adamw, lamb, muon).
        sched: learning rate schedule.
        warmup_epochs: epochs of linear warmup: its n updates have the rates lr / (n + 1), 2 lr / (n + 1), ... (with
            onecycle, the length of the rise).
        step_epochs: epochs between two decays of the learning rate (step, exponential); of plateau, epochs without a
            training loss 0.01 % below the lowest.
        step_at: epochs at which the learning rate decays (step), in place of every --step-epochs.
        decay: factor of each decay of the learning rate (step, exponential, plateau).
        clip_grad: maximum global norm of the gradient (default: no clipping).
        accumulate: number of batches whose gradients are accumulated into one update.
        ema: decay rate of the moving average of the parameters, which is evaluated and saved (default: no average).
        weight_decay: weight decay, not of biases and scales; decoupled as in AdamW, but for momentum and nesterov part
            of the gradient, as in SGD of PyTorch.
        l1: weight of the L1 penalty, the sum of absolute weights.
        l2: weight of the L2 penalty, half the sum of squared weights.
        label_smoothing: fraction of each target that is spread over all classes.
        augment: random changes of the training images, none or several joined by +, some with a strength: flip, shift,
            crop, rotate, scale, jitter, cutout, mixup; as in flip+rotate=20+jitter.
        patience: epochs without a better validation score before early stopping (default: no early stopping).
        val_share: fraction of the training examples that is held out for validation.
        normalize: normalization of the inputs, fitted on the training examples.
        loss: loss function; auto is the usual one of the task.
        class_weights: weights of the classes, by which the loss of each example is multiplied: balanced, inversely
            proportional to their number of training examples, or by name, yes=5,no=1 (default: all count the same).
        threshold: probability above which the second of two classes, or a label, is predicted.
        dtype: precision of the computation; with bf16, parameters, norms, softmax and losses stay in float32.
        expect: result that the recipe is expected to reach.
    """

    model: str
    dataset: str
    variant: str = ""
    trainer: str = "supervised"
    task: str = ""
    m: Mapping[str, Any] = field(default_factory=dict)
    d: Mapping[str, Any] = field(default_factory=dict)
    t: Mapping[str, Any] = field(default_factory=dict)
    fold: str = ""
    # length
    epochs: Positive = 20
    steps: Count | None = None
    batch_size: Count = 64
    seed: Seed = 0
    # optimizer
    opt: Optimizer = "adam"
    lr: Positive = 1e-3
    momentum: Share = 0.9
    b2: Share = 0.999
    sched: Schedule = "constant"
    warmup_epochs: NotNegative = 0
    step_epochs: Positive = 10
    step_at: Annotated[tuple[float, ...], Bounds(0, open_low=True)] = ()
    decay: Annotated[float, Bounds(0, 1, open_low=True)] = 0.1
    clip_grad: Positive | None = None
    accumulate: Count = 1
    ema: Annotated[float, Bounds(0, 1, open_low=True, open_high=True)] | None = None
    # regularization
    weight_decay: NotNegative = 0
    l1: NotNegative = 0
    l2: NotNegative = 0
    label_smoothing: Share = 0
    augment: str = "none"
    patience: Count | None = None
    val_share: Share = 0
    # data and loss
    normalize: Normalization = "standard"
    loss: Loss = "auto"
    class_weights: str = ""
    threshold: Annotated[float, Bounds(0, 1, open_low=True, open_high=True)] = 0.5
    dtype: Precision = "float32"
    # result
    expect: Expect | None = None


@dataclass(frozen=True)
class ModelRecipes:
    """Recipes of a model and the data that it accepts.

    Attributes:
        recipes: the recipes, the default one first.
        kinds: kinds of data that the model accepts.
        tasks: tasks of data sets that the model can be trained for.
        idle: options, or fields of the recipe, without effect where another has a value: `{"m.std": ("m.units",
            "binary")}`, or several of them in a tuple: `{("m.std", "lr"): ("m.units", "binary")}`; the value may be
            a tuple of several values.
        general: data set whose recipe all data of its kind take that have none of their own; "": the most similar one.
    """

    recipes: tuple[Recipe, ...]
    kinds: tuple[str, ...] = ("image", "table", "points")
    tasks: tuple[str, ...] = ("binary", "multiclass", "multilabel", "regression")
    idle: Mapping[str | tuple[str, ...], tuple[str, Any]] = field(default_factory=dict)
    general: str = ""

    @property
    def sets_task(self) -> bool:
        """Returns whether every recipe names a task itself, so that those of the data sets do not matter."""
        return bool(self.recipes) and all(recipe.task for recipe in self.recipes)


_ANY = ModelRecipes(
    recipes=(),
    kinds=("image", "table", "points", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "multilabel", "regression", "tagging", "language", "generation"),
)  # of a model without RECIPES; its own factory rejects what does not suit it


def book(model: str) -> ModelRecipes:
    """Returns the recipes of a model.

    Raises:
        BadInput: if there is no such model, or its module cannot be read.
    """
    if model in _catalogue.own_names() and find_spec(f"..recipes.{model}", __package__):
        return import_module(f"..recipes.{model}", __package__).RECIPES
    return _outside_recipes(model)


def recipe_for(model: str, dataset: str | Source | None = None, variant: str = "") -> Recipe:
    """Returns the recipe of a model for a data set: its own, else that for the most similar data set, renamed.

    Args:
        model: name of a model, or a reference to a function that makes one: `package.module:function` or
            `./file.py:function`.
        dataset: name of the data set, or the source of data in memory; None: that of the model's first recipe.
        variant: name of the recipe, where the model has several.

    Raises:
        BadInput: if there is no such model or data set, the model does not accept that data, or it has no recipe of
            that name.

    >>> recipe_for("cnn").dataset
    'digits'
    """
    try:
        model = _catalogue.resolve(model)
    except ValueError as error:
        raise BadInput(str(error)) from None
    pages = book(model)
    recipes = pages.recipes
    if dataset is None:
        if not recipes:
            raise BadInput(f"{model} has no recipe, so give the data set to train on as well: --dataset NAME")
        dataset = next((r.dataset for r in recipes if r.variant == variant), recipes[0].dataset)
    kind = source(dataset) if isinstance(dataset, str) else dataset
    check_compatible(model, kind)
    for recipe in recipes:
        if (recipe.dataset, recipe.variant) == (kind.name, variant):
            return _copy(recipe)
    if variant:
        known = [f"{r.variant} (on {r.dataset})" for r in recipes if r.variant] or ["none"]
        raise BadInput(f"{model} has no recipe {variant!r} on {kind.name}; it has: {', '.join(known)}")
    if not recipes:
        return Recipe(model, kind.name)
    like = max(recipes, key=lambda r: _likeness(source(r.dataset), kind, pages.general))
    return _copy(replace(like, dataset=kind.name, variant="", d={}, expect=None))


def _copy(recipe: Recipe) -> Recipe:
    """A copy with option dicts of its own: whoever changes them changes no recipe of the zoo."""
    return replace(recipe, m=dict(recipe.m), d=dict(recipe.d), t=dict(recipe.t))


def check_compatible(model: str, data: Source, task: str = "", *, by_recipe: bool = False) -> None:
    """Raises BadInput with the reason if a model cannot be trained on such data, or for the task named instead.

    Args:
        model: name of the model.
        data: source of the data.
        task: name of a task in place of that of the data; "": none.
        by_recipe: whether the recipes of the model must name that task; else its capabilities are checked later.
    """
    pages = book(model)
    if by_recipe and task not in pages.tasks:
        raise BadInput(f"{model} cannot be trained for the task {task}; choose from {', '.join(pages.tasks)}")
    shape = f" of shape {'x'.join(map(str, data.shape))}" if data.shape else ""
    if data.kind not in pages.kinds:
        raise BadInput(
            f"{model} accepts {' or '.join(pages.kinds)} data; {data.name} is {data.kind} data{shape}. "
            f"Choose another model ({_reader(data)}) or another data set ({_such(pages)})"
        )
    if not task and data.task not in pages.tasks and not pages.sets_task:
        raise BadInput(
            f"{model} does {' or '.join(pages.tasks)}; {data.name} is a {data.task} task. {other_targets(data.name)}"
            f"Choose another model ({_reader(data)}) or another data set ({_such(pages)})"
        )


def _outside_recipes(model: str) -> ModelRecipes:
    """Reads RECIPES of the module of a model that is not the zoo's own from its text, so that help needs no jax."""
    classes = {"Expect": Expect, "ModelRecipes": ModelRecipes, "Recipe": Recipe}
    try:
        tree = _catalogue.tree(model)
    except ValueError as error:
        raise BadInput(str(error)) from None
    try:
        found = assigned(tree, "RECIPES", classes)
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"RECIPES of {model} cannot be read: {error}; it must be written as in zoo/train/recipes, with "
            "ModelRecipes, Recipe, Expect and literals"
        ) from None
    if found is None:
        return _ANY
    if not isinstance(found, ModelRecipes):
        raise BadInput(f"RECIPES of {model} must be a ModelRecipes, got {type(found).__name__}")
    return replace(found, recipes=tuple(replace(each, model=model) for each in found.recipes))


def _reader(data: Source) -> str:
    """Returns a model that accepts such data, whatever its task."""
    return f"{'mlp' if data.kind in ('image', 'table', 'points') else 'lstm'} accepts it"


def _such(pages: ModelRecipes) -> str:
    known = (s for s in sources().values() if s.kind in pages.kinds)
    good = [s.name for s in known if pages.sets_task or s.task in pages.tasks]
    return ", ".join(good[:6])


def _likeness(a: Source, b: Source, general: str) -> tuple:
    """Orders the data sets a of recipes by likeness to b."""
    return (a.kind == b.kind, a.task == b.task, a.name == general, -abs(len(a.shape) - len(b.shape)))
