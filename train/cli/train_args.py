"""From the words of a command line to a recipe and the options of a run, or to the page that was asked for.

Two readings: the first finds model, data set, recipe and file, which decide what other flags there are; the second
reads them all. The command line goes before the file, the file before the recipe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from zoo import _catalogue

from ..config.file import OPTION_TABLES, expected, file_values, read_config, write_config
from ..config.recipe import Recipe, recipe_for
from ..config.run_options import RunOptions
from ..config.schema import Option, data_flags, model_flags, recipe_flags, run_flags, trainer_flags
from ..config.validate import check_recipe
from ..data.dataset import source
from ..data.sources.npy_folder import npy_name
from ..errors import BadInput
from .help import dataset_table, front_page, model_table, model_text, versions_line
from .parser import Parser
from .resume_args import options_of, with_recipe

__all__ = ["CHOICE", "Command", "RecipeArgs", "expand_shorthands", "read", "resolve_recipe"]

_WHAT = "what to train"
CHOICE = (
    Option("model", str, None, "the animal; --list-models shows all", _WHAT),
    Option("dataset", str, None, "its data; --list-datasets shows all", _WHAT),
    Option("recipe", str, None, "one of the model's named recipes", _WHAT),
    Option("config", Path, None, "TOML or JSON file with a recipe's fields, or the config.json of a run", _WHAT),
)
"""The flags that decide what other flags there are."""

_SHORT = {
    "--text": ("FILE", "a text of your own, in UTF-8: --dataset text --d.file FILE"),
    "--csv": ("FILE", "a table of your own: --dataset csv --d.file FILE"),
    "--images": ("DIR", "a folder of pictures of your own: --dataset images --d.folder DIR"),
    "--npy": ("DIR", "arrays of your own, x.npy and y.npy: --dataset npy_images (or _table, ...) --d.folder DIR"),
    "--column": ("NAME", "which of its columns to foretell: --d.column NAME"),
    "--horizon": ("N", "how many steps ahead: --d.horizon N"),
}
"""What is short for other flags."""

_OWN = {"--text": "--d.file", "--csv": "--d.file", "--images": "--d.folder", "--npy": "--d.folder"}
"""Those that name a data set, too, and the option that says where it lies."""


@dataclass(frozen=True)
class Command:
    """A run that was asked for."""

    recipe: Recipe
    options: RunOptions
    dry_run: bool = False


@dataclass(frozen=True)
class RecipeArgs:
    """What the first reading found.

    Attributes:
        base: the recipe as it lies in the zoo; its `expect` holds while no flag changes what is computed.
        flags: those of the recipe, its model and its data set; the file's and the recipe's values are their defaults.
    """

    base: Recipe
    flags: tuple[Option, ...]

    def recipe(self, given: Mapping[str, Any]) -> Recipe:
        """The recipe with the values that were given, and every option of model and data set spelled out."""
        values = {flag.name: given.get(flag.name, flag.default) for flag in self.flags}
        values |= _shorter_warmup(values, given)
        as_expected = all(values[flag.name] == flag.default for flag in self.flags if flag.name != "seed")
        tables = {
            table: {name[2:]: value for name, value in values.items() if name.startswith(f"{table}.")}
            for table in OPTION_TABLES
        }
        own = {name: value for name, value in values.items() if "." not in name}
        return replace(self.base, **own, **tables, expect=self.base.expect if as_expected else None)


def read(words: Sequence[str], prog: str) -> Command | str:
    """What the words ask for: a run, or a text to print.

    Raises:
        BadInput: at an unknown flag, a bad value or an impossible pairing.
    """
    words, run = with_recipe(expand_shorthands(words))
    first, rest = _parser(CHOICE).read_known(words)
    page = _page(first)
    if page is not None:
        return page
    if "model" not in first and "config" not in first:
        return _without_model("help" in first, rest, prog)
    chosen = resolve_recipe(first)
    parser = _parser(
        (*_chosen_flags(chosen.base), *chosen.flags, *run_flags()),
        prog,
        f"--model {chosen.base.model} [--flag value ...]",
        model_text(chosen.base),
    )
    if "help" in first:
        return parser.format_help()
    given = parser.read(words)
    recipe = chosen.recipe(given)
    check_recipe(recipe)
    kept = options_of(run) if run else {}
    options = RunOptions(**kept | {flag.name: given[flag.name] for flag in run_flags() if flag.name in given})
    return write_config(recipe) if "print_config" in given else Command(recipe, options, "dry_run" in given)


def expand_shorthands(words: Sequence[str]) -> list[str]:
    """The words with what is short for other flags written out.

    Raises:
        BadInput: if a file is named for one data set and another data set is asked for.

    >>> expand_shorthands(["--model", "lstm", "--text", "my.txt"])
    ['--model', 'lstm', '--dataset', 'text', '--d.file', 'my.txt']
    """
    found = []
    for word, after in pairwise((*words, "")):
        name, equals, value = word.partition("=")
        if name in _OWN:
            _check_own(name, words)
            found += ["--dataset", _own(name, value if equals else after), _OWN[name]]
        elif name in _SHORT:
            found.append(f"--d.{name[2:]}")
        else:
            found.append(word)
            continue
        found += [value] * bool(equals)
    return found


def _own(name: str, where: str) -> str:
    """The data set that files of one's own are."""
    return npy_name(where) if name == "--npy" else name[2:]


def _check_own(name: str, words: Sequence[str]) -> None:
    """Refuses files of one's own and a data set that do not go together."""
    given = [after for before, after in pairwise((*words, "")) if before == "--dataset"]
    given += [word.partition("=")[2] for word in words if word.startswith("--dataset=")]
    given += [other[2:] for other in _OWN for word in words if word.partition("=")[0] == other]
    others = [each for each in given if each != name[2:]]
    if others:
        raise BadInput(
            f"{name} {_SHORT[name][0]} is the data set {name[2:]}; it does not go with {others[0]}: "
            "leave one of them out"
        )


def resolve_recipe(first: Mapping[str, Any]) -> RecipeArgs:
    """The recipe that model, data set, name and file (of `CHOICE`) lead to, and its flags.

    Raises:
        BadInput: if there is no such thing, they do not go together, or the file is no configuration.
    """
    path = first.get("config")
    file = read_config(path) if path else {}
    model = _known(first.get("model") or file.get("model"))
    stock = recipe_for(model, first.get("dataset") or file.get("dataset"), first.get("recipe", file.get("variant", "")))
    if file.get("trainer", stock.trainer) != stock.trainer:
        raise BadInput(f"--config {path}: {model} is trained by {stock.trainer}, not by {file['trainer']}")
    flags = (
        *recipe_flags(stock),
        *model_flags(_catalogue.card(model), stock.m),
        *data_flags(source(stock.dataset), stock.d),
        *trainer_flags(stock.trainer, stock.t),
    )
    values = file_values(path, file, flags) if path else {}
    values |= _shorter_warmup({flag.name: flag.default for flag in flags} | values, values)
    expect = stock.expect
    if any(values.get(flag.name, flag.default) != flag.default for flag in flags if flag.name != "seed"):
        same = all(file.get(name) == getattr(stock, name) for name in ("model", "dataset"))
        expect = expected(path, file.get("expect")) if path and same else None
    return RecipeArgs(
        replace(stock, expect=expect),
        tuple(flag._replace(default=values.get(flag.name, flag.default)) for flag in flags),
    )


def _shorter_warmup(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, float]:
    """A tenth of the epochs, if only they were given, and the recipe's own warm-up is as long as they are."""
    epochs, warmup = values["epochs"], values["warmup_epochs"]
    own = "epochs" in given and "warmup_epochs" not in given
    return {"warmup_epochs": epochs / 10} if own and 0 < epochs <= warmup else {}


def _known(model: str | None) -> str:
    if model is None:
        raise BadInput("--config names no model: give --model as well")
    try:
        return _catalogue.known(model)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _chosen_flags(recipe: Recipe) -> list[Option]:
    chosen = {"model": recipe.model, "dataset": recipe.dataset, "recipe": recipe.variant or None}
    return [flag._replace(default=chosen.get(flag.name)) for flag in CHOICE]


def _parser(flags: Sequence[Option], prog: str = "", usage: str = "", text: str = "") -> Parser:
    parser = Parser(flags, prog, usage, text)
    short = parser.add_argument_group("in short")
    for name, (metavar, text) in _SHORT.items():
        short.add_argument(name, metavar=metavar, help=text)
    instead = parser.add_argument_group("instead of training")
    switches = {
        "--dry-run": "compile one step and show parameters, FLOPs and memory; nothing is written",
        "--print-config": "print the recipe as a file for --config",
        "--list-datasets": "print the data sets",
        "--version": "print the versions",
    }
    for name, text in switches.items():
        instead.add_argument(name, action="store_true", help=text)
    instead.add_argument("--list-models", nargs="?", const="*", metavar="PATTERN", help="print the models")
    instead.add_argument("-h", "--help", action="store_true", help="print this page")
    return parser


def _page(first: Mapping[str, Any]) -> str | None:
    if "list_models" in first:
        return model_table(first["list_models"])
    if "list_datasets" in first:
        return dataset_table()
    return versions_line() if "version" in first else None


def _without_model(asks_for_help: bool, rest: Sequence[str], prog: str) -> str:
    if asks_for_help:
        return front_page(prog)
    model = next((each for each in rest if each in _catalogue.names()), None)
    if model:
        raise BadInput(f"unexpected {model!r}; did you mean --model {model}?")
    raise BadInput("which model? Give --model NAME, as in --model cnn; --list-models shows all, --help explains")
