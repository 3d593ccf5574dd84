"""Tasks: the meaning of a model's outputs. The registry is this folder and the entry points `zoo.tasks`.

A file of this folder that assigns `TASKS = ("name", ...)` defines a function of each of these names, which builds the
task. It may also assign `TARGETS`, by task what the targets of the data must be, in words, or several such kinds, its
own first; `PER_STEP`, the names of its tasks with an output at every time step; and `BY_RECIPE`, the names of further
tasks that a model has only if its recipes name them. A file of an installed package may assign these three, by the
names of its entry points. All of it is read from the files' text, so that the command line needs no jax.
"""

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from zoo._catalogue import Option, function_options
from zoo._literals import assigned
from zoo._plugins import distribution, load, module_text, plugins

from ..errors import BadInput
from ..option_types import coerce, did_you_mean, is_off

if TYPE_CHECKING:
    from .task import Task

__all__ = ["by_recipe", "given_options", "losses", "names", "options", "per_step", "targets", "task_for"]

_NAMES = "a literal tuple of names of tasks"
_COMMON = ("loss", "outputs", "label_smoothing", "class_weights", "threshold")  # arguments that are no options


def names() -> tuple[str, ...]:
    """Returns the names of all tasks, those of installed packages last.

    >>> {"multiclass", "reconstruct"} <= set(names())
    True
    """
    return tuple(dict.fromkeys([*_files(), *sorted(plugins("zoo.tasks"))]))


def task_for(
    kind: str,
    loss: str = "auto",
    outputs: int = 1,
    label_smoothing: float = 0,
    class_weights: tuple[float, ...] = (),
    threshold: float = 0.5,
    **options: Any,
) -> "Task":
    """Builds a task by name.

    Args:
        kind: name of the task: binary (one logit), multiclass, multilabel (one logit per label), regression, tagging
            (a class per time step), language (the next token), generation, reconstruct, density, recall, cluster,
            forecast, or one of an installed package.
        loss: name of a loss of the task; "auto": its first one.
        outputs: size of the model's last axis, or the number of classes of the data.
        label_smoothing: of cross-entropies.
        class_weights: weight of each class in the loss; (): all count the same.
        threshold: probability above which class 1 of two, or a label, is predicted.
        options: further keyword arguments of the task's function.

    Raises:
        BadInput: if there is no such task, or loss, outputs or another of the arguments do not suit it.

    >>> import jax.numpy as jnp
    >>> task = task_for("multiclass", outputs=3)
    >>> task.headline, task.predict(jnp.array([[0.0, 2.0, 1.0]])).tolist()
    ('accuracy', [1])
    """
    build = _function(kind)
    taken = inspect.signature(build).parameters
    given = {"loss": loss, "outputs": outputs, "label_smoothing": label_smoothing}
    given |= {"class_weights": tuple(class_weights), "threshold": threshold}
    if loss != "auto" and "loss" not in taken:
        raise BadInput(f"--loss {loss} does not suit the task {kind}, which has one loss; leave --loss at auto")
    if not is_off(label_smoothing) and "label_smoothing" not in taken:
        raise BadInput(f"--label-smoothing {label_smoothing:g} does not suit the task {kind}, which has no labels")
    if class_weights and "class_weights" not in taken:
        raise BadInput(f"--class-weights does not suit the task {kind}, whose targets are no classes, one per example")
    if threshold != 0.5 and "threshold" not in taken:
        raise BadInput(
            f"--threshold {threshold:g} does not suit the task {kind}: it decides between two classes, --task binary, "
            "or on each of several labels"
        )
    return build(**{name: value for name, value in given.items() if name in taken}, **options)


@cache
def options(kind: str) -> tuple[Option, ...]:
    """Reads the options of a task, the keyword-only arguments of its function that are its own, from its file.

    >>> [each.name for each in options("recall")][:2]
    ['flip', 'erase']
    """
    outside = {} if kind in _files() else plugins("zoo.tasks")
    function = outside[kind].attr or kind if kind in outside else kind
    for node in _parsed(kind).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            own = {each.arg for each in node.args.kwonlyargs}.difference(_COMMON)
            return tuple(each for each in function_options(node, skip=_COMMON) if each.name in own)
    return ()


def given_options(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options of a task among those of a recipe, as values of their types.

    Args:
        kind: name of the task.
        given: values by option, `Recipe.t`, which holds those of the trainer as well.

    Raises:
        BadInput: for a value of another type.
    """
    return {
        each.name: coerce(each.type, given[each.name], "--t." + each.name.replace("_", "-"))
        for each in options(kind)
        if each.name in given
    }


def targets(kind: str) -> tuple[str, ...]:
    """Returns the kinds of targets that a task reads, in words, its own first; empty: it reads any or none.

    Raises:
        BadInput: if the file of the task has them in another form.

    >>> targets("regression"), targets("density")
    (('numbers',), ())
    """
    words = "a literal dict of kinds of targets by task, each a text or a tuple of texts"
    found = _constant(kind, "TARGETS", Mapping, words).get(kind, ())
    if not isinstance(found, str | tuple | list):
        raise BadInput(f"task {kind}: TARGETS must be {words}, got {found!r}")
    return (found,) if isinstance(found, str) else tuple(found)


def per_step(kind: str) -> bool:
    """Returns whether a task has an output at every time step.

    Raises:
        BadInput: as of `targets`.

    >>> per_step("tagging"), per_step("multiclass")
    (True, False)
    """
    return kind in _constant(kind, "PER_STEP", tuple, _NAMES)


def by_recipe(kind: str) -> bool:
    """Returns whether only a model whose recipes name the task can be trained for it.

    These are the tasks that read targets or have outputs per step, for which a model is built, and those that their
    file lists in `BY_RECIPE`; of the others the capabilities of the model decide.

    Raises:
        BadInput: as of `targets`.

    >>> by_recipe("multiclass"), by_recipe("density")
    (True, False)
    """
    return bool(targets(kind)) or per_step(kind) or kind in _constant(kind, "BY_RECIPE", tuple, _NAMES)


def losses(kind: str) -> Mapping[str, Callable]:
    """Returns the losses of a task by name, the default first; empty if it has no choice."""
    found = getattr(import_module(_function(kind).__module__), "LOSSES", {})
    return found.get(kind, MappingProxyType({}))


def _function(kind: str) -> Callable[..., "Task"]:
    files = _files()
    if kind in files:
        return getattr(import_module(f".{files[kind]}", __package__), kind)
    outside = plugins("zoo.tasks")
    if kind not in outside:
        raise BadInput(f"unknown task {kind!r}{did_you_mean(kind, names())}; choose from {', '.join(names())}")
    try:
        return load(outside[kind])
    except ImportError as error:
        raise BadInput(f"task {kind!r} of {distribution(outside[kind])} cannot be imported: {error}") from error


@cache
def _constant(kind: str, name: str, form: type, words: str) -> Any:
    """Returns the literal that the file of a task assigns to a name, an empty one if it assigns none."""
    try:
        found = assigned(_parsed(kind), name, {"MappingProxyType": MappingProxyType})
    except (TypeError, ValueError) as error:
        raise BadInput(f"task {kind}: {name} must be {words}; {error}") from error
    if found is None:
        return form() if form is tuple else {}
    if not isinstance(found, form):
        raise BadInput(f"task {kind}: {name} must be {words}, got {found!r}")
    return found


@cache
def _parsed(kind: str) -> ast.Module:
    """Returns the syntax tree of the file of a task; an empty one if there is no such task, or it cannot be read."""
    files, outside = _files(), plugins("zoo.tasks")
    try:
        if kind in files:
            return ast.parse((Path(__file__).parent / f"{files[kind]}.py").read_text(encoding="utf-8"))
        return ast.parse(module_text(outside[kind].module)) if kind in outside else ast.Module([], [])
    except (ImportError, SyntaxError, ValueError):  # its use says what is wrong
        return ast.Module([], [])


@cache
def _files() -> Mapping[str, str]:
    """Returns the file of each task, both by name."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= dict.fromkeys(assigned(tree, "TASKS") or (), path.stem)
    return MappingProxyType(found)
