"""Finds the values of a recipe that have no effect on its training; they are refused when they are typed.

What a trainer reads is among its traits; what an optimizer or a schedule reads is here. Options and fields that only
count beside another one are in `idle` of the model's recipes or the trainer's traits. Needs neither jax nor numpy.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from zoo._catalogue import card

from ..config.recipe import Recipe, book, recipe_for
from ..data.dataset import GIVEN, source
from ..errors import BadInput
from ..option_types import format_value
from . import FIELDS, options, traits

__all__ = ["READS", "check_effects", "check_updates", "ignored", "option", "without_effect"]

_DECAY = ("step_epochs", "decay")

READS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "opt": {
        "gd": (),  # its batch is all examples
        "sgd": ("batch_size",),
        "momentum": ("batch_size", "momentum"),
        "nesterov": ("batch_size", "momentum"),
        "rmsprop": ("batch_size",),
        "adagrad": ("batch_size",),
        "adam": ("batch_size", "momentum", "b2"),
        "adamw": ("batch_size", "momentum", "b2"),
        "lion": ("batch_size", "momentum"),
        "lamb": ("batch_size", "momentum", "b2"),
        "muon": ("batch_size", "b2"),
    },
    "sched": {
        "constant": (),
        "step": (*_DECAY, "step_at"),
        "exponential": _DECAY,
        "cosine": (),
        "onecycle": (),
        "plateau": _DECAY,
    },
}
"""By a field and its value: the fields that are read with that value, among those that are not read with every one."""


def without_effect(recipe: Recipe) -> dict[str, str]:
    """Returns the fields and options of a recipe that its training does not read, each with the reason and the cure.

    >>> from zoo.train.config.recipe import Recipe
    >>> without_effect(Recipe("mlp", "iris", opt="lion"))["b2"]
    'with --opt lion; it has with --opt adam, adamw, lamb, muon'
    """
    found = dict.fromkeys(_unread(recipe), _cure(recipe))
    for choice, table in READS.items():
        value = getattr(recipe, choice)
        if choice in found:  # without an optimizer, its options are among the fields above
            continue
        for name in sorted({each for read in table.values() for each in read} - {*table[value]}):
            others = ", ".join(other for other, read in table.items() if name in read)
            found[name] = f"with --{choice} {value}; it has with --{choice} {others}"
    if recipe.sched == "step" and recipe.step_at and "sched" not in found:
        found["step_epochs"] = f"with --step-at {format_value(recipe.step_at)}, which sets the epochs of the decays"
    if recipe.steps is not None:
        found["epochs"] = f"with --steps {recipe.steps}, which sets the length: leave one of the two out"
    if _is_tokens(recipe):
        found |= dict.fromkeys(
            ("normalize", "augment"), f"on {recipe.dataset}, whose examples are tokens: leave it out"
        )
    for name, (other, values) in _idle(recipe).items():
        value = option(recipe, other)
        if value == values or (isinstance(values, tuple) and value in values):
            found[name] = f"without {_flag(other)}" if value is None else f"with {_flag(other, value)}"
    return found


def _idle(recipe: Recipe) -> dict[str, tuple[str, Any]]:
    """Returns the options and fields without effect where another one has a value, of the model and of the trainer."""
    stated = {**book(recipe.model).idle, **traits(recipe.trainer).idle}
    return {
        name: beside for names, beside in stated.items() for name in ((names,) if isinstance(names, str) else names)
    }


def option(recipe: Recipe, name: str) -> Any:
    """Returns the value of a field, or of an option of model or trainer, its default if the recipe does not have it.

    >>> option(Recipe("dbn", "digits", trainer="greedy"), "t.fine_tuning")
    'gradient'
    """
    table, _, own = name.partition(".")
    if not own:
        return getattr(recipe, name)
    known = card(recipe.model).options if table == "m" else options(recipe.trainer)
    usual = {each.name: each.default for each in known}
    return getattr(recipe, table).get(own, usual.get(own))


def check_effects(recipe: Recipe, typed: Mapping[str, Any]) -> None:
    """Checks that every flag that was typed has an effect.

    Args:
        recipe: the recipe that the flags lead to.
        typed: their values by name; a default that was not typed is no error.

    Raises:
        BadInput: if a flag has none, with the reason and what would give it one.

    >>> check_effects(Recipe("mlp", "iris", opt="sgd", momentum=0.5), {"momentum": 0.5})
    Traceback (most recent call last):
    zoo.train.errors.BadInput: --momentum 0.5 has no effect with --opt sgd; it has with --opt momentum, ...
    """
    idle = without_effect(recipe)
    for name in typed:
        if name in idle:
            same = [each for each in typed if idle.get(each) == idle[name]]
            flags = ", ".join(_flag(each, typed[each]) for each in same)
            raise BadInput(f"{flags} {'has' if len(same) == 1 else 'have'} no effect {idle[name]}")


def ignored(recipe: Recipe) -> list[str]:
    """Returns a line for each value of a recipe from a file or from Python that has no effect.

    Values of the recipe of the zoo and defaults do not count.
    """
    idle = without_effect(recipe)
    try:
        stock = recipe_for(recipe.model, recipe.dataset, recipe.variant)
    except BadInput:  # data from an iterator
        stock = recipe
    usual = {each.name: (each.default, getattr(stock, each.name)) for each in fields(Recipe)}
    found = {name: option(recipe, name) for name in idle if name in usual or name in _idle(recipe)}
    plain = replace(recipe, m={}, t={})
    usual |= {name: (option(plain, name), option(stock, name)) for name in found if name not in usual}
    return [
        f"{name} = {format_value(value)} of the recipe has no effect {idle[name]}"
        for name, value in found.items()
        if value not in usual[name]
    ]


def _unread(recipe: Recipe) -> list[str]:
    """Returns the fields that the trainer does not read."""
    rule = traits(recipe.trainer)
    if rule.gradient:
        return [] if rule.accumulate else ["accumulate"]
    return [name for name in FIELDS if name not in rule.reads]


def _cure(recipe: Recipe) -> str:
    rule = traits(recipe.trainer)
    if rule.gradient:
        return f"on {recipe.model}, whose trainer cannot accumulate gradients; leave it out"
    reads = (
        f" reads only {', '.join(_flag(each) for each in rule.reads)} of them" if rule.reads else " reads none of them"
    )
    other = "lstm" if _kind(recipe) == "text" else "mlp"
    return (
        f"on {recipe.model}, which is trained without a gradient: its trainer {recipe.trainer}{reads}; options of "
        f"optimizer and loss have an effect on models that follow a gradient, such as --model {other}"
    )


def _kind(recipe: Recipe) -> str:
    return "" if recipe.dataset in GIVEN else source(recipe.dataset).kind


def _is_tokens(recipe: Recipe) -> bool:
    return _kind(recipe) == "text" or (_kind(recipe) == "sequence" and len(source(recipe.dataset).shape) == 1)


def _flag(name: str, value: Any = "") -> str:
    """Returns a flag as it is typed; `--no-remat` for False."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {format_value(value)}".rstrip()


def check_updates(recipe: Recipe, steps: int, steps_per_epoch: int, print_fn: Callable[[str], None]) -> None:
    """Prints the steps whose gradients no update uses, and that a run is too short for the decay of its rate.

    Args:
        recipe: recipe of the run.
        steps: its training steps.
        steps_per_epoch: steps of one pass over the data.
        print_fn: called with each line.

    Raises:
        BadInput: if a run is shorter than one update.
    """
    several = recipe.accumulate
    if several > steps:
        raise BadInput(
            f"--accumulate {several}: the run has {steps:,} steps, so that the parameters would never be updated; "
            f"take {steps} at most, or train longer (--epochs, --steps)"
        )
    if lost := steps % several:
        print_fn(
            f"the last {lost} of {steps:,} steps change nothing: an update takes the gradients of {several} steps "
            f"(--accumulate); --steps {steps - lost} or {steps - lost + several} leaves no rest"
        )
    epochs = steps / steps_per_epoch
    falls = recipe.sched in ("step", "plateau") and traits(recipe.trainer).gradient
    at = recipe.step_at if recipe.sched == "step" else ()
    if falls and min(at or (recipe.step_epochs,)) >= epochs:
        given = f"--step-at {format_value(at)}" if at else f"--step-epochs {recipe.step_epochs:g}"
        print_fn(
            f"the learning rate never falls: --sched {recipe.sched} with {given} needs more than {epochs:.3g} epochs"
        )
