"""Registry of the trainers: the public files of this folder that assign `TRAITS`, and the entry points `zoo.trainers`.

The function of a file's name makes its trainer; its keyword-only arguments are the trainer's options. Names, traits and
options are parsed from the source text: the command line needs them before jax is imported.
"""

import ast
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from zoo._catalogue import Option, function_options
from zoo._literals import assigned
from zoo._plugins import distribution, load, module_text, plugins

from .. import tasks
from ..config.recipe import Recipe
from ..data.augmentation.plan import parse_augment
from ..errors import BadInput
from ..option_types import coerce, did_you_mean

if TYPE_CHECKING:
    from ..trainer import Trainer

__all__ = ["FIELDS", "Run", "Traits", "check_options", "check_recipe", "make", "names", "options", "stored", "traits"]
__all__ += ["variant"]

GROUP = "zoo.trainers"
"""The entry points of trainers in other packages."""

FIELDS = (
    *(
        "opt",
        "lr",
        "momentum",
        "b2",
        "sched",
        "warmup_epochs",
        "step_epochs",
        "step_at",
        "decay",
        "clip_grad",
        "accumulate",
        "ema",
    ),
    *("weight_decay", "l1", "l2", "label_smoothing", "loss", "class_weights", "dtype", "remat"),
)
"""The flags that only a trainer can give an effect. A trainer that follows a gradient does so with all of them."""

_FOLDER = Path(__file__).parent


class Run(NamedTuple):
    """The facts of a run that a learning rule may depend on.

    Attributes:
        recipe: the recipe of the run.
        steps: training steps of the whole run.
        steps_per_epoch: training steps of one pass over the data.
        sharding: placement of the arrays on the devices (`distributed.sharding.Sharding`).
        targets: targets of the training examples on the host, for a rule that needs their number or whose arrays are as
            large as the classes; None if they are unknown. The last batch of an epoch is filled with examples from its
            start.
    """

    recipe: Recipe
    steps: int
    steps_per_epoch: int
    sharding: Any
    targets: Any = None


class Traits(NamedTuple):
    """Facts about a trainer on which checks, feeds, sweeps and messages depend, instead of on its name.

    Attributes:
        gradient: follows the gradient of a loss, by the recipe's optimizer.
        reads: the flags among `FIELDS` that have an effect without a gradient; the others are refused.
        idle: options, or fields of the recipe, without effect where another has a value: `{"t.chains":
            ("t.persistent", False)}`, or several of them in a tuple: `{("lr", "opt"): ("t.fine_tuning", "none")}`; one
            of several values is a tuple as well: `{"m.dropout": ("t.fine_tuning", ("up_down", "none"))}`.
        schedule: follows the recipe's schedule of the learning rate.
        accumulate: sums the gradients of `--accumulate` batches into one update.
        stores: keeps the training examples themselves, all of them or those that its options `patterns` and `choose`
            select; they are then the test examples as well.
        binary: learns from inputs of 0 and 1 alone; others are refused.
        batch: "any": batches of examples in any order; "consecutive": windows of a text, each of which continues the
            one before; "all": all training examples in one batch.
        vmap: several seeds may be trained in one program, by `jax.vmap` over their fits.
        mixes: learns from the mixed examples of `--augment mixup`, each with two targets.
        weights: multiplies the loss of each example by its weight.
        shares_programs: its programs contain neither the seed nor the data, so that runs of several seeds share them.
        variant_of: name of the trainer in whose place this one trains the tasks below.
        tasks: names of those tasks.
    """

    gradient: bool = True
    reads: tuple[str, ...] = ()
    idle: Mapping[str | tuple[str, ...], tuple[str, Any]] = MappingProxyType({})
    schedule: bool = True
    accumulate: bool = False
    stores: bool = False
    binary: bool = False
    batch: Literal["any", "consecutive", "all"] = "any"
    vmap: bool = False
    mixes: bool = False
    weights: bool = False
    shares_programs: bool = False
    variant_of: str = ""
    tasks: tuple[str, ...] = ()


@cache
def names() -> tuple[str, ...]:
    """Returns the sorted names of all trainers: those of this folder and those of installed packages.

    >>> "adversarial" in names()
    True
    """
    own = [path.stem for path in _FOLDER.glob("[!_]*.py") if "\nTRAITS" in path.read_text(encoding="utf-8")]
    return tuple(sorted({*own, *plugins(GROUP)}))


@cache
def traits(name: str) -> Traits:
    """Reads the traits of a trainer from its file.

    Raises:
        BadInput: if there is no such trainer.

    >>> traits("perceptron").gradient
    False
    """
    try:
        return Traits(**(assigned(_parsed(name), "TRAITS") or {}))
    except (TypeError, ValueError) as error:
        wanted = f"a literal dict with some of {', '.join(Traits._fields)}"
        raise BadInput(f"trainer {name}: TRAITS must be {wanted}; {error}") from error


@cache
def options(name: str) -> tuple[Option, ...]:
    """Reads the options of a trainer, which are the keyword-only arguments of its function.

    Raises:
        BadInput: if there is no such trainer.

    >>> [each.name for each in options("adversarial")][:2]
    ['loss', 'd_steps']
    """
    function = name if _is_own(name) else plugins(GROUP)[name].attr or name
    for node in _parsed(name).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return tuple(function_options(node))
    raise BadInput(f"trainer {name}: its module does not define the function {function}")


def check_options(name: str, given: Mapping[str, Any], task: str = "") -> dict[str, Any]:
    """Returns given options of a trainer, and of the task, as values of their types.

    Args:
        name: name of the trainer.
        given: values by option, `Recipe.t`.
        task: name of the task that the recipe names; "" for none.

    Raises:
        BadInput: for an option that the trainer does not have, or a value of another type.

    >>> check_options("adversarial", {"d_steps": 4})
    {'d_steps': 4}
    """
    types = {option.name: option.type for option in (*options(name), *tasks.options(task))}
    for option in given:
        if not types:
            raise BadInput(f"the trainer {name} has no options, got {_flag(option)}")
        if option not in types:
            near = did_you_mean(option, types)
            raise BadInput(f"the trainer {name} has no option {option!r}{near} (it has {', '.join(types)})")
    return {option: coerce(types[option], value, _flag(option)) for option, value in given.items()}


def check_recipe(recipe: Recipe) -> None:
    """Raises BadInput for an option that the recipe's trainer does not have, or a value that it would ignore.

    >>> check_recipe(Recipe("markov", "text", trainer="counting", accumulate=2))
    Traceback (most recent call last):
    zoo.train.errors.BadInput: --accumulate 2: markov is trained without a gradient to accumulate
    """
    rule = traits(recipe.trainer)
    if not rule.gradient and recipe.dtype != "float32":
        raise BadInput(f"--dtype {recipe.dtype}: {recipe.model} is trained without a gradient, in float32 only")
    if not rule.gradient and recipe.accumulate > 1:
        raise BadInput(f"--accumulate {recipe.accumulate}: {recipe.model} is trained without a gradient to accumulate")
    if not rule.mixes and any(each.name == "mixup" for each in parse_augment(recipe.augment)):
        raise BadInput(
            f"--augment {recipe.augment}: the trainer {recipe.trainer} of {recipe.model} cannot learn from mixed "
            "examples; leave mixup out"
        )
    if recipe.accumulate > 1 and not rule.accumulate:
        raise BadInput(
            f"--accumulate {recipe.accumulate}: the trainer {recipe.trainer} of {recipe.model} cannot accumulate "
            "gradients; to save memory use --batch-size, --remat or --dtype bf16"
        )
    check_options(recipe.trainer, recipe.t, recipe.task)


def make(model: Any, task: Any, run: Run) -> "Trainer":
    """Makes the trainer of a recipe.

    Args:
        model: the model to train.
        task: loss, metrics and meaning of its outputs.
        run: the recipe, which names the trainer and its options, and the length of the run.

    Raises:
        BadInput: if there is no such trainer, or if it does not accept an option or the recipe.
    """
    check_recipe(run.recipe)
    name, own = run.recipe.trainer, {option.name for option in options(run.recipe.trainer)}
    given = check_options(name, run.recipe.t, run.recipe.task)
    return _factory(name)(model, task, run, **{each: value for each, value in given.items() if each in own})


def stored(recipe: Recipe) -> dict[str, Any]:
    """Returns the options by which the trainer of a recipe selects the examples that it stores; empty: it stores none.

    >>> stored(Recipe("hopfield", "digits", trainer="hebbian", t={"patterns": 6}))
    {'patterns': 6, 'choose': 'apart'}
    """
    if not traits(recipe.trainer).stores:
        return {}
    usual = {option.name: option.default for option in options(recipe.trainer)}
    return {name: recipe.t.get(name, usual.get(name)) for name in ("patterns", "choose")}


def variant(name: str, task: str) -> str:
    """Returns the name of the trainer that trains a task in a trainer's place, mostly the trainer itself.

    >>> variant("supervised", "language"), variant("language", "multiclass"), variant("counting", "language")
    ('language', 'supervised', 'counting')
    """
    base = traits(name).variant_of or name
    for each in names():
        try:
            found = traits(each)
        except BadInput:  # a damaged package must not end the runs of other trainers
            continue
        if found.variant_of == base and task in found.tasks:
            return each
    return base


def _factory(name: str) -> Callable[..., "Trainer"]:
    if _is_own(name):
        return getattr(import_module(f".{name}", __name__), name)
    point = plugins(GROUP)[name]
    try:
        return load(point)
    except ImportError as error:
        raise BadInput(f"trainer {name!r} of {distribution(point)} cannot be imported: {error}") from error


def _is_own(name: str) -> bool:
    return _known(name) not in plugins(GROUP) or (_FOLDER / f"{name}.py").is_file()


@cache
def _parsed(name: str) -> ast.Module:
    if _is_own(name):
        return ast.parse((_FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    point = plugins(GROUP)[name]
    try:
        return ast.parse(module_text(point.module))
    except (ImportError, SyntaxError, ValueError) as error:
        raise BadInput(f"trainer {name!r} of {distribution(point)} cannot be read: {error}") from error


def _known(name: str) -> str:
    if name not in names():
        raise BadInput(
            f"unknown trainer {name!r}{did_you_mean(name, names())} (choose from {', '.join(names())}; a trainer of "
            "another package can be used once that package is installed)"
        )
    return name


def _flag(option: str) -> str:
    return "--t." + option.replace("_", "-")
