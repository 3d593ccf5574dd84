"""Flags of the command line: fields of a recipe, options of a run, options of a model, data set and trainer.

Names, types, defaults and helps are read from the dataclasses and functions themselves; only the groups stand here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from inspect import Parameter, cleandoc, getdoc, signature
from typing import Any, NamedTuple, get_type_hints

from zoo import _catalogue
from zoo._catalogue import Card, argument_helps

from ..data.dataset import Source
from .recipe import Recipe
from .run_options import RunOptions

__all__ = ["BESIDES", "Option", "data_flags", "model_flags", "recipe_flags", "run_flags", "task_flags"]
__all__ += ["trainer_flags"]

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "length": ("epochs", "steps", "batch_size", "seed"),
    "optimizer": (
        *("opt", "lr", "momentum", "b2", "sched", "warmup_epochs", "step_epochs", "step_at", "decay"),
        *("clip_grad", "accumulate", "ema"),
    ),
    "regularization": ("weight_decay", "l1", "l2", "label_smoothing", "augment", "patience", "val_share"),
    "task, loss and precision": ("task", "loss", "class_weights", "threshold", "fold", "normalize", "dtype"),
}
_METAVARS = {
    "mesh": "AXIS=N,...",
    "shard": "PATTERN=AXIS,...",
    "in_memory": "SIZE",
    "ckpt_every": "N",
    "distributed": "ADDRESS",
}

BESIDES = frozenset({"model", "dataset", "variant", "trainer", "m", "d", "t", "expect"})
"""The fields of a recipe that have no flag in `recipe_flags`."""

_SHORT = {"batch_size": "-b"}
_BARE = {"distributed": "auto"}


class Option(NamedTuple):
    """A flag: `--batch-size` for the field `batch_size`, `--m.width` for the model's option `width`.

    Attributes:
        name: name of the field, or of the option with the prefix of its table.
        kind: type of the value, with its bounds.
        default: value without the flag.
        help: noun phrase; `(default: ...)` at its end describes a default that is None or empty.
        group: title under which `--help` lists it.
        short: short form, as `-b`.
        metavar: placeholder of the value in the help; "": by the type.
        bare: value of the flag without a word after it; "": a word is required.
        repeats: the flag may be given several times, for a list.
    """

    name: str
    kind: Any
    default: Any
    help: str
    group: str
    short: str = ""
    metavar: str = ""
    bare: str = ""
    repeats: bool = False

    @property
    def flag(self) -> str:
        """The flag as it is typed."""
        return "--" + self.name.replace("_", "-")

    @property
    def explained(self) -> tuple[str, str]:
        """The help without the default that it describes, and that description; "" if there is none.

        >>> Option("steps", int, None, "training steps (default: as many as there are)", "").explained
        ('training steps', 'as many as there are')
        """
        found = re.fullmatch(r"(.*) \(default: (.*)\)", self.help)
        return (found[1], found[2]) if found else (self.help, "")


def recipe_flags(recipe: Recipe) -> Iterator[Option]:
    """Yields the flags of a recipe's own fields, with its values as defaults."""
    kinds, helps = get_type_hints(Recipe, include_extras=True), _helps(Recipe)
    for group, names in _GROUPS.items():
        for name in names:
            yield Option(name, kinds[name], getattr(recipe, name), helps[name], group, _SHORT.get(name, ""))


def run_flags() -> Iterator[Option]:
    """Yields the flags of the options of a run."""
    kinds, helps = get_type_hints(RunOptions, include_extras=True), _helps(RunOptions)
    for each in fields(RunOptions):
        kind, text, metavar = kinds[each.name], helps[each.name], _METAVARS.get(each.name, "")
        bare, repeats = _BARE.get(each.name, ""), each.name == "shard"
        yield Option(each.name, kind, each.default, text, "the run", metavar=metavar, bare=bare, repeats=repeats)


def model_flags(card: Card, options: Mapping[str, Any]) -> Iterator[Option]:
    """Yields the flags of a model's options, with the recipe's values as defaults."""
    return _flags("m", f"the model {card.name}", card.options, options)


def trainer_flags(trainer: str, known: Iterable[_catalogue.Option], options: Mapping[str, Any]) -> Iterator[Option]:
    """Yields the flags of a trainer's options, with the recipe's values as defaults.

    Args:
        trainer: name of the trainer.
        known: its options, `trainers.options(trainer)`.
        options: values of the recipe.
    """
    return _flags("t", f"the trainer {trainer}", known, options)


def task_flags(task: str, known: Iterable[_catalogue.Option], options: Mapping[str, Any]) -> Iterator[Option]:
    """Yields the flags of the options of a task, `tasks.options(task)`; they stand among those of the trainer."""
    return _flags("t", f"the task {task}", known, options)


def data_flags(source: Source, options: Mapping[str, Any]) -> Iterator[Option]:
    """Yields the flags of a data set's options, with the recipe's values as defaults."""
    helps = argument_helps(getdoc(source.load) or "")
    known = (
        _catalogue.Option(each.name, each.annotation, each.default, helps.get(each.name, ""))
        for each in signature(source.load).parameters.values()
        if each.kind is Parameter.KEYWORD_ONLY
    )
    return _flags("d", f"the data set {source.name}", known, options)


def _flags(table: str, group: str, known: Iterable[_catalogue.Option], given: Mapping[str, Any]) -> Iterator[Option]:
    for each in known:
        default = given.get(each.name, each.default)
        yield Option(f"{table}.{each.name}", each.type, default, each.help.rstrip("."), group)


def _helps(kind: type) -> dict[str, str]:
    """Reads the help of each field from the `Attributes:` of a dataclass."""
    return {name: text.rstrip(".") for name, text in argument_helps(cleandoc(kind.__doc__ or "")).items()}
