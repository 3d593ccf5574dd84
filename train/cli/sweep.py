"""The command `python -m zoo sweep`: many settings of a recipe, and which of them is best."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..config.schema import Option, run_flags
from ..config.validate import check_recipe
from ..errors import BadInput
from ..option_types import strip_optional
from ..sweeps.grid import format_value, grid, parse_values, random_search
from .exit import run_command
from .parser import Parser
from .train_args import CHOICE, RecipeArgs, expand_shorthands, resolve_recipe

if TYPE_CHECKING:
    from ..sweeps.results import Setting

__all__ = ["main", "settings_of"]

_WHAT = "the sweep"
_FLAGS = (
    Option("seeds", int, 1, "tries of every setting, with --seed, --seed + 1 and so on", _WHAT),
    Option("random", int, None, "so many settings drawn by chance, instead of every combination", _WHAT),
    Option("out", Path, None, "folder of the sweep; none takes runs/sweep-<model>-<dataset>", _WHAT),
    Option("pictures", bool, False, "draw the pictures of every run", _WHAT),
)
_HELP = Option("help", bool, False, "print this page", "help", "-h")
_OF_RUNS = ("data_dir", "offline", "platform", "require", "matmul_precision", "compile_cache", "quiet", "on_nan")
_OF_RUNS += ("log_every", "remat", "tensorboard")
_TEXT = """\
Trains every combination of the values that are given, with every seed, and tells which is best.

Any flag of a recipe takes several values, separated by commas: --lr 1e-3,1e-2. Where a value is a list, x stands
between its parts: --m.hidden 16,128x64 is a network of one hidden layer and one of two. With --random N, a range may
stand for values: --lr 1e-4..1e-1. Everything else is as in python -m zoo.train; an option that is on or off takes
true or false.

A sweep that was ended goes on where it was when it is started again with the same words.
Give --val-share 0.2 as well: to choose by the test examples flatters."""


def main(words: Sequence[str], prog: str = "python -m zoo sweep") -> int:
    """Runs a sweep; gives the exit code."""
    return run_command(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    words = expand_shorthands(words)
    first, _ = Parser([*CHOICE, _HELP]).read_known(words)
    if "model" not in first and "config" not in first:
        if "help" in first:
            print(f"usage: {prog} --model NAME [--flag value,value ...]\n\n{_TEXT}")
            print(f"\nexample: {prog} --model mlp --dataset iris --lr 1e-3,1e-2 --m.hidden 16,64 --seeds 3")
            print(f"{prog} --model mlp --help lists all flags of a model")
            return 0
        raise BadInput(f"which model? {prog} --model mlp --lr 1e-3,1e-2; --help explains")
    chosen = resolve_recipe(first)
    parser = Parser(_all_flags(chosen), prog, f"--model {chosen.base.model} [--flag value,value ...]", _TEXT)
    if "help" in first:
        print(parser.format_help().rstrip())
        return 0
    given = parser.read(words)
    return _sweep(chosen, given)


def settings_of(chosen: RecipeArgs, given: Mapping[str, Any]) -> tuple[list["Setting"], list[int]]:
    """The settings and the seeds that the words ask for.

    Raises:
        BadInput: if one of the settings cannot be.
    """
    from ..sweeps.results import Setting

    flags = {flag.name: flag for flag in chosen.flags}
    values = {name: parse_values(flags[name], text) for name, text in given.items() if name in flags}
    seeds = _seeds(values.pop("seed", (flags["seed"].default,)), given.get("seeds"))
    if given.get("random") is None:
        found = grid(values)
    else:
        found = random_search(values, _at_least_1("random", given["random"]), seeds[0])
    tried = [
        name for name, some in values.items() if len({format_value(each[name]) for each in found}) > 1 or len(some) > 1
    ]
    settings = []
    for each in found:
        recipe = chosen.recipe({**each, "seed": seeds[0]})
        check_recipe(recipe)
        settings.append(Setting({name: each[name] for name in tried}, recipe))
    return settings, seeds


def _sweep(chosen: RecipeArgs, given: Mapping[str, Any]) -> int:
    settings, seeds = settings_of(chosen, given)
    recipe = chosen.base
    folder = (given.get("out") or Path("runs") / f"sweep-{recipe.model}-{recipe.dataset}").expanduser()
    options = RunOptions(**{name: given[name] for name in _OF_RUNS if name in given})
    # Each sweep is its own: what a scheduler starts side by side are other sweeps, not parts of this one.
    options = replace(options, pictures=given.get("pictures", False), distributed="off")
    from ..sweeps.results import Stopped
    from ..sweeps.sweep import check_sweep, sweep

    check_sweep(folder)
    from ..distributed.devices import check_devices
    from ..runtime.allocator import keep_freed_memory
    from ..sweeps.report import ShowSweep

    keep_freed_memory()
    check_devices(options)
    show = ShowSweep(settings, seeds, folder, options.quiet)
    try:
        outcomes = sweep(settings, seeds, folder, options, show.outcome, through=show.run)
    except Stopped as stopped:
        print(f"stopped; the same command goes on from here ({folder})", file=sys.stderr)
        return 128 + stopped.signal
    show.end(outcomes)
    return 0 if any(outcome.scores for outcome in outcomes) else 1


def _all_flags(chosen: RecipeArgs) -> list[Option]:
    base: Recipe = chosen.base
    now = {"model": base.model, "dataset": base.dataset, "recipe": base.variant or None}
    choice = [flag._replace(default=now.get(flag.name)) for flag in CHOICE]
    of_runs = [flag for flag in run_flags() if flag.name in _OF_RUNS]
    return [*choice, *_FLAGS, *map(_of_many, chosen.flags), *of_runs, _HELP]


def _of_many(flag: Option) -> Option:
    """The flag as a sweep reads it: one word, which holds several values."""
    kind, _ = strip_optional(flag.kind)
    choices = f": {', '.join(map(str, get_args(kind)))}" if get_origin(kind) is Literal else ""
    return flag._replace(
        kind=str,
        default=format_value(flag.default).lower() if kind is bool else format_value(flag.default),
        help=flag.help + choices,
        metavar="V,V",
    )


def _seeds(given: Sequence[int], count: int | None) -> list[int]:
    if len(given) > 1 and count is not None:
        raise BadInput(f"--seeds {count} counts up from one --seed, got {len(given)} of them: leave one of the two out")
    if len(given) > 1:
        return list(given)
    return [given[0] + i for i in range(_at_least_1("seeds", 1 if count is None else count))]


def _at_least_1(name: str, count: int) -> int:
    if count < 1:
        raise BadInput(f"--{name} must be a whole number of at least 1, got {count}")
    return count
