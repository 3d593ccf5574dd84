"""Parses a command line to a recipe and the options of a run, or to a page to print.

It is parsed twice: first for model, data set, recipe and configuration file, which decide what other flags exist, then
for all flags. The command line takes precedence over the file, and the file over the recipe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from zoo import _catalogue

from .. import tasks, trainers
from ..config.file import OPTION_TABLES, expected, file_values, model_origin, read_config, write_config
from ..config.given import no_steps, shorter_warmup
from ..config.recipe import Recipe, book, recipe_for
from ..config.run_options import RunOptions
from ..config.schema import Option, data_flags, model_flags, recipe_flags, run_flags, task_flags, trainer_flags
from ..config.validate import check_recipe
from ..data.dataset import source
from ..data.sources import sources
from ..errors import BadInput
from ..option_types import Bounds, did_you_mean
from ..trainers.effects import check_effects
from .help import chart_table, dataset_table, front_page, model_table, model_text, versions_line
from .parser import Parser
from .resume_args import options_of, resumed_dataset, with_recipe
from .shorthands import SHORTHANDS, expand_shorthands

__all__ = ["CHOICE", "MODEL", "Command", "RecipeArgs", "check", "read", "resolve_recipe"]

_WHAT = "model and data"
MODEL = Option(
    "model",
    str,
    None,
    "name of a model (--list-models), or a function that makes one: ./mine.py:FUNCTION, PACKAGE.MODULE:FUNCTION",
    _WHAT,
)
CHOICE = (
    MODEL,
    Option("dataset", str, None, "name of a data set (--list-datasets) (default: that of the recipe)", _WHAT),
    Option("recipe", str, None, "name of one of the model's named recipes (default: the unnamed one)", _WHAT),
    Option(
        "config", Path, None, "TOML or JSON file with recipe fields, or config.json of a run (default: none)", _WHAT
    ),
)
"""The flags that decide what other flags exist."""
_TASK = next(flag for flag in recipe_flags(Recipe("", "")) if flag.name == "task")  # it decides what options there are
_FOLDS = Option(
    "folds",
    Annotated[int, Bounds(2)],
    None,
    "number of folds of a cross-validation, a run each (default: none)",
    "the run",
)


@dataclass(frozen=True)
class Command:
    """Run that the command line describes."""

    recipe: Recipe
    options: RunOptions
    dry_run: bool = False
    folds: int = 0


@dataclass(frozen=True)
class RecipeArgs:
    """Recipe and flags that model, data set, recipe name and file lead to.

    Attributes:
        base: the recipe of the zoo; its `expect` holds as long as no flag changes the result.
        flags: flags of the recipe, its model, data set and trainer; their defaults are the values of file and recipe.
    """

    base: Recipe
    flags: tuple[Option, ...]

    def recipe(self, given: Mapping[str, Any]) -> Recipe:
        """Returns the recipe with the given values, and with every option of model and data set spelled out."""
        values = {flag.name: given.get(flag.name, flag.default) for flag in self.flags}
        values |= no_steps(given)
        values |= shorter_warmup(values, given)
        as_expected = all(values[flag.name] == flag.default for flag in self.flags if flag.name != "seed")
        tables = {
            table: {name[2:]: value for name, value in values.items() if name.startswith(f"{table}.")}
            for table in OPTION_TABLES
        }
        own = {name: value for name, value in values.items() if "." not in name}
        return replace(self.base, **own, **tables, expect=self.base.expect if as_expected else None)


def read(words: Sequence[str], prog: str) -> Command | str:
    """Parses a command line.

    Returns:
        The run that it describes, or a text to print.

    Raises:
        BadInput: if a flag is unknown, a value is bad, or two of them contradict each other.
    """
    words, run = with_recipe(expand_shorthands(words, resumed_dataset(words)))
    first, rest = _parser((*CHOICE, _TASK)).read_known(words)
    page = _page(first)
    if page is not None:
        return page
    if "model" not in first and "config" not in first:
        return _without_model("help" in first, rest, prog)
    chosen = resolve_recipe(first | _any_dataset(first) if "help" in first else first)
    model = first.get("model", chosen.base.model)
    parser = _parser(
        (*_chosen_flags(chosen.base), *chosen.flags, *run_flags(), _FOLDS),
        prog,
        f"--model {model} [--flag value ...]",
        model_text(chosen.base),
    )
    if "help" in first:
        return parser.format_help()
    given = parser.read(words)
    recipe = chosen.recipe(given)
    check(recipe)
    check_effects(recipe, given)
    kept = options_of(run) if run else {}
    options = RunOptions(**kept | {flag.name: given[flag.name] for flag in run_flags() if flag.name in given})
    if "print_config" in given:
        return write_config(recipe)
    return Command(recipe, options, "dry_run" in given, given.get("folds") or 0)


def _any_dataset(first: Mapping[str, Any]) -> dict[str, str]:
    """Returns a data set for the help of a model that has no recipe; nothing if one is named, or the model has one."""
    if "dataset" in first or "config" in first:
        return {}
    pages = book(_resolved(first["model"], None, None))
    known = (each.name for each in sources().values() if each.kind in pages.kinds and each.task in pages.tasks)
    return {} if pages.recipes else {"dataset": next(known)}


def check(recipe: Recipe) -> None:
    """Raises BadInput for the first bad value of a recipe, among the options of its trainer too."""
    check_recipe(recipe)
    trainers.check_recipe(recipe)
    if recipe.task and recipe.task not in tasks.names():
        known = tasks.names()
        raise BadInput(
            f"--task {recipe.task!r} is not known{did_you_mean(recipe.task, known)} (choose from {', '.join(known)})"
        )


def resolve_recipe(first: Mapping[str, Any]) -> RecipeArgs:
    """Finds the recipe that model, data set, recipe name and file (the flags of `CHOICE`) lead to, and its flags.

    Raises:
        BadInput: if one of them does not exist, or they contradict each other.
    """
    path = first.get("config")
    file = read_config(path) if path else {}
    model = _resolved(first.get("model"), file.get("model"), path)
    variant = file.get("variant", "") if first.get("recipe") is None else first["recipe"]
    stock = recipe_for(model, first.get("dataset") or file.get("dataset"), variant)
    if file.get("trainer", stock.trainer) != stock.trainer:
        raise BadInput(f"--config {path}: {model} is trained by {stock.trainer}, not by {file['trainer']}")
    task = first.get("task") or file.get("task") or stock.task
    flags = (
        *(_with_tasks(flag) for flag in recipe_flags(stock)),
        *model_flags(_card(model), stock.m),
        *data_flags(source(stock.dataset), stock.d),
        *trainer_flags(stock.trainer, trainers.options(stock.trainer), stock.t),
        *task_flags(task, tasks.options(task), stock.t),
    )
    values = file_values(path, file, flags) if path else {}
    values |= no_steps(values)
    values |= shorter_warmup({flag.name: flag.default for flag in flags} | values, values)
    expect = stock.expect
    if any(values.get(flag.name, flag.default) != flag.default for flag in flags if flag.name != "seed"):
        same = all(file.get(name) == getattr(stock, name) for name in ("model", "dataset"))
        expect = expected(path, file.get("expect")) if path and same else None
    return RecipeArgs(
        replace(stock, expect=expect),
        tuple(flag._replace(default=values.get(flag.name, flag.default)) for flag in flags),
    )


def _resolved(given: str | None, configured: str | None, path: Path | None) -> str:
    """Returns the name of the model; a configuration cannot name a module to import, only the command line can."""
    if given is None and configured is None:
        raise BadInput(f"--config {path} names no model: give --model as well")
    try:
        if given is not None:
            return _catalogue.resolve(given)
        return _catalogue.known(str(configured), model_origin(path) if path else None)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _with_tasks(flag: Option) -> Option:
    """Adds the names of the tasks to the help of --task; packages may add some."""
    if flag.name != "task":
        return flag
    text, unset = flag.explained
    return flag._replace(help=f"{text}: {', '.join(tasks.names())} (default: {unset})")


def _card(model: str) -> _catalogue.Card:
    try:
        return _catalogue.card(model)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _chosen_flags(recipe: Recipe) -> list[Option]:
    chosen = {"model": recipe.model, "dataset": recipe.dataset, "recipe": recipe.variant or None}
    return [flag._replace(default=chosen.get(flag.name)) for flag in CHOICE]


def _parser(flags: Sequence[Option], prog: str = "", usage: str = "", text: str = "") -> Parser:
    parser = Parser(flags, prog, usage, text)
    short = parser.add_argument_group("data of your own")
    for name, (metavar, text) in SHORTHANDS.items():
        short.add_argument(name, metavar=metavar, help=text)
    instead = parser.add_argument_group("instead of training")
    switches = {
        "--dry-run": "print parameters, FLOPs and memory of a compiled step; draws only augmented images",
        "--print-config": "print the recipe as a file for --config",
        "--list-datasets": "print the data sets",
        "--version": "print the versions",
    }
    for name, text in switches.items():
        instead.add_argument(name, action="store_true", help=text)
    models = "print the models, and which rows of the Neural Network Zoo chart they are"
    instead.add_argument("--list-models", nargs="?", const="*", metavar="PATTERN", help=models)
    instead.add_argument("-h", "--help", action="store_true", help="print this page")
    return parser


def _page(first: Mapping[str, Any]) -> str | None:
    if "list_models" in first:
        pattern = first["list_models"]
        return model_table(pattern) + (f"\n\n{chart_table()}" if pattern == "*" else "")
    if "list_datasets" in first:
        return dataset_table()
    return versions_line() if "version" in first else None


def _without_model(asks_for_help: bool, rest: Sequence[str], prog: str) -> str:
    if asks_for_help:
        return front_page(prog)
    model = next((each for each in rest if each in _catalogue.names()), None)
    if model:
        raise BadInput(f"unexpected {model!r}; did you mean --model {model}?")
    raise BadInput("no model given: use --model NAME, as in --model cnn; --list-models shows all, --help the usage")
