"""Trains a model with many settings of a recipe and reports the best."""

import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from zoo._catalogue import short_name

from ..config.recipe import Count, Recipe
from ..config.run_options import RunOptions
from ..config.schema import Option, run_flags
from ..errors import BadInput
from ..option_types import strip_optional
from ..sweeps.grid import Range, format_value, grid, parse_values, random_search
from ..trainers.effects import check_effects, without_effect
from .parser import Parser
from .shorthands import expand_shorthands
from .train_args import CHOICE, RecipeArgs, check, resolve_recipe

if TYPE_CHECKING:
    from ..sweeps.results import Setting
    from ..sweeps.search import Search

__all__ = ["main", "search_of", "settings_of"]

_WHAT = "the sweep"
_TRIALS = 40  # settings of a search
_SAMPLE = 50  # settings by which a search looks for values without an effect
_FLAGS = (
    Option("seeds", Count, 1, "number of runs of every setting, with --seed, --seed + 1, ...", _WHAT),
    Option("random", Count, None, "number of random settings (default: every combination)", _WHAT),
    Option(
        "search",
        Literal["tpe"],
        None,
        "choice of settings by the results so far: tpe, the tree-structured Parzen estimator of Optuna (default: none)",
        _WHAT,
    ),
    Option("trials", Count, _TRIALS, "number of settings of --search", _WHAT),
    Option("prune", bool, False, "an early end of the runs of --search that are worse than the median", _WHAT),
    Option(
        "storage",
        str,
        None,
        "URL of a database, or file, by which workers share a --search, each with the same command (default: none)",
        _WHAT,
    ),
    Option("out", Path, None, "folder of the sweep (default: runs/sweep-<model>-<dataset>)", _WHAT),
    Option("pictures", bool, False, "plots of every run", _WHAT),
)
_HELP = Option("help", bool, False, "print this page", "help", "-h")
_OF_RUNS = ("data_dir", "offline", "platform", "require", "matmul_precision", "compile_cache", "quiet", "on_nan")
_OF_RUNS += ("log_every", "remat", "tensorboard")
_TEXT = """\
Trains every combination of the given values, with every seed, and reports the best setting.

Any flag of a recipe accepts several values, separated by commas: --lr 1e-3,1e-2. In a list, x separates the parts:
--m.hidden 16,128x64 is a network with one hidden layer and one with two. With --random N or --search tpe a range may
be given: --lr 1e-4..1e-1. All other flags are those of python -m zoo.train; on and off are written true and false.

The same command continues a sweep that was stopped. Use --val-share 0.2 as well: selecting by the test examples gives
too good a result."""


def main(words: Sequence[str], prog: str = "python -m zoo sweep") -> int:
    """Runs a sweep; returns the exit code."""
    words = expand_shorthands(words)
    first, _ = Parser([*CHOICE, _HELP]).read_known(words)
    if "model" not in first and "config" not in first:
        if "help" in first:
            print(f"usage: {prog} --model NAME [--flag value,value ...]\n\n{_TEXT}")
            print(f"\nexample: {prog} --model mlp --dataset iris --lr 1e-3,1e-2 --m.hidden 16,64 --seeds 3")
            print(f"{prog} --model mlp --help lists all flags of a model")
            return 0
        raise BadInput(f"no model given: {prog} --model mlp --lr 1e-3,1e-2; --help shows the usage")
    chosen = resolve_recipe(first)
    parser = Parser(_all_flags(chosen), prog, f"--model {chosen.base.model} [--flag value,value ...]", _TEXT)
    if "help" in first:
        print(parser.format_help().rstrip())
        return 0
    given = parser.read(words)
    return _sweep(chosen, given)


def settings_of(chosen: RecipeArgs, given: Mapping[str, Any]) -> tuple[list["Setting"], list[int]]:
    """Returns the settings and seeds of a sweep.

    Raises:
        BadInput: if a value of one of the settings is bad.
    """
    from ..sweeps.results import Setting

    values, seeds = _values(chosen, given)
    if given.get("random") is None:
        found = grid(values)
    else:
        found = random_search(values, given["random"], seeds[0])
    tried = [
        name for name, some in values.items() if len({format_value(each[name]) for each in found}) > 1 or len(some) > 1
    ]
    settings = []
    for each in _with_effect(chosen, found):
        recipe = chosen.recipe({**each, "seed": seeds[0]})
        check(recipe)
        if recipe not in [setting.recipe for setting in settings]:
            settings.append(Setting({name: each[name] for name in tried}, recipe))
    return settings, seeds


def search_of(chosen: RecipeArgs, given: Mapping[str, Any]) -> tuple["Search", list[int]]:
    """Returns the space and the rules of `--search`, and the seeds.

    Raises:
        BadInput: if a value is bad, or nothing varies.
    """
    from ..sweeps.results import Setting
    from ..sweeps.search import Search
    from ..sweeps.study import check_optuna

    check_optuna(f"--search {given['search']}")
    values, seeds = _values(chosen, given)
    varied = {name: some for name, some in values.items() if len(some) > 1 or any(isinstance(x, Range) for x in some)}
    if not varied:
        raise BadInput("--search needs several values or a range of a flag: --lr 1e-4..1e-1")
    # A sample of settings shows what has an effect in none.
    some = random_search(values, _SAMPLE, seeds[0])
    for each in _with_effect(chosen, some):
        check(chosen.recipe(each))

    def setting(found: Mapping[str, Any]) -> Setting:
        each = {**{name: some[0] for name, some in values.items()}, **found}
        idle = without_effect(chosen.recipe(each)).keys() & each.keys()
        each |= {flag.name: flag.default for flag in chosen.flags if flag.name in idle}
        recipe = chosen.recipe({**each, "seed": seeds[0]})
        check(recipe)
        return Setting({name: each[name] for name in varied}, recipe)

    text = ", ".join(f"{name} {','.join(map(format_value, some))}" for name, some in values.items())
    about = zlib.crc32(f"{chosen.base} {text} {seeds} {given.get('prune', False)}".encode())
    name = f"{short_name(chosen.base.model)}-{chosen.base.dataset}-{about:08x}"
    trials = given.get("trials", _TRIALS)
    storage = given.get("storage") or ""
    if storage and "://" not in storage:  # the path of a file
        storage = str(Path(storage).expanduser())
    return Search(varied, setting, trials, given.get("prune", False), storage, name), seeds


def _values(chosen: RecipeArgs, given: Mapping[str, Any]) -> tuple[dict[str, tuple[Any, ...]], list[int]]:
    """Parses the values of the flags that were given, and the seeds."""
    flags = {flag.name: flag for flag in chosen.flags}
    values = {name: parse_values(flags[name], text) for name, text in given.items() if name in flags}
    return values, _seeds(values.pop("seed", (flags["seed"].default,)), given.get("seeds"))


def _check_search(given: Mapping[str, Any]) -> None:
    """Checks that flags of a search are given with one, and no others beside it."""
    if given.get("search") and given.get("random"):
        raise BadInput(
            f"--search {given['search']} and --random {given['random']} exclude each other: --trials N sets N"
        )
    for name in () if given.get("search") else ("trials", "prune", "storage"):
        if given.get(name):
            raise BadInput(f"--{name} has no effect without --search tpe")


def _with_effect(chosen: RecipeArgs, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the settings with the default where a value has no effect in one of them.

    Raises:
        BadInput: if a flag has none in any setting.
    """
    idle = [without_effect(chosen.recipe(each)).keys() & each.keys() for each in found]
    in_none = set[str]().union(*idle).intersection(*idle)
    check_effects(chosen.recipe(found[0]), {name: value for name, value in found[0].items() if name in in_none})
    defaults = {flag.name: flag.default for flag in chosen.flags}
    return [
        {name: defaults[name] if name in no else value for name, value in each.items()}
        for each, no in zip(found, idle, strict=True)
    ]


def _sweep(chosen: RecipeArgs, given: Mapping[str, Any]) -> int:
    _check_search(given)
    wanted, seeds = (search_of if given.get("search") else settings_of)(chosen, given)
    recipe = chosen.base
    folder = (given.get("out") or Path("runs") / f"sweep-{short_name(recipe.model)}-{recipe.dataset}").expanduser()
    options = RunOptions(**{name: given[name] for name in _OF_RUNS if name in given})
    # A sweep runs in one process: what a scheduler starts beside it are other sweeps.
    options = replace(options, pictures=given.get("pictures", False), distributed="off")
    from ..sweeps.results import Stopped
    from ..sweeps.search import Search, search
    from ..sweeps.sweep import check_sweep, sweep

    check_sweep(folder)
    from ..distributed.devices import check_devices
    from ..reporting.console_stream import terminal
    from ..runtime.allocator import keep_freed_memory
    from ..sweeps.report import SweepReport

    keep_freed_memory()
    terminal(quiet=options.quiet).print(check_devices(options), soft_wrap=True)
    show = SweepReport(wanted.trials if isinstance(wanted, Search) else len(wanted), seeds, folder, options.quiet)
    try:
        if isinstance(wanted, Search):
            outcomes = search(wanted, seeds, folder, options, show.on_setting, on_run=show.on_run)
        else:
            outcomes = sweep(wanted, seeds, folder, options, show.on_setting, on_run=show.on_run)
    except Stopped as stopped:
        print(f"stopped; the same command continues the sweep in {folder}", file=sys.stderr)
        return 128 + stopped.signal
    show.on_end(outcomes)
    return 0 if any(outcome.scores for outcome in outcomes) else 1


def _all_flags(chosen: RecipeArgs) -> list[Option]:
    base: Recipe = chosen.base
    now = {"model": base.model, "dataset": base.dataset, "recipe": base.variant or None}
    choice = [flag._replace(default=now.get(flag.name)) for flag in CHOICE]
    of_runs = [flag for flag in run_flags() if flag.name in _OF_RUNS]
    return [*choice, *_FLAGS, *map(_of_many, chosen.flags), *of_runs, _HELP]


def _of_many(flag: Option) -> Option:
    """Returns the flag as a sweep parses it: one word with several values."""
    (text, unset), (kind, _) = flag.explained, strip_optional(flag.kind)
    choices = f": {', '.join(map(str, get_args(kind)))}" if get_origin(kind) is Literal else ""
    value = format_value(flag.default)
    return flag._replace(
        kind=str,
        default="" if unset and not flag.default else value.lower() if kind is bool else value,
        help=f"{text}{choices}{f' (default: {unset})' if unset else ''}",
        metavar="V,V",
    )


def _seeds(given: Sequence[int], count: int | None) -> list[int]:
    if len(given) > 1 and count is not None:
        raise BadInput(f"--seeds {count} counts up from one --seed, got {len(given)} seeds: leave one of the two out")
    if len(given) > 1:
        return list(given)
    return [given[0] + i for i in range(1 if count is None else count)]
