"""A sweep: many settings of a recipe, each with several seeds, each a run in a folder of its own.

What is done is written down run by run in `sweep.jsonl`, so that a sweep that was ended anywhere goes on where it was.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..distributed.sharding import sharding_for
from ..errors import BadInput, RunFailed
from ..runs.run import run
from ..runs.setup import Setup, setup
from ..runtime.out_of_memory import OutOfMemory
from ..trainers import traits
from .grid import folder_name
from .results import ResultLog, Setting, SettingResult, Stopped, failed, finished, identity
from .vmapped_runs import run_side_by_side
from .vmapped_training import quicker_together

__all__ = ["check_sweep", "sweep"]

_DONE = "sweep.jsonl"
_Run = tuple[Recipe, RunOptions]
_Lines = Iterator[dict[str, Any]]


def check_sweep(folder: Path) -> None:
    """Looks whether a sweep may be written there; touches nothing.

    Raises:
        BadInput: if the place is a file, or holds something else.
    """
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise BadInput(f"--out {folder}: {place} is a file, not a folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _DONE).is_file():
        raise BadInput(f"--out {folder} is not empty and holds no sweep: name a new or an empty folder")


def sweep(
    settings: Sequence[Setting],
    seeds: Sequence[int],
    folder: Path,
    options: RunOptions,
    tell: Callable[[SettingResult, bool], None] = lambda outcome, new: None,
    *,
    through: Callable[[Setting, int, Mapping[str, Any]], None] = lambda setting, seed, line: None,
    together: bool | None = None,
) -> list[SettingResult]:
    """Trains every setting with every seed, but for what was done before.

    Args:
        settings: what to try.
        seeds: each setting is tried with all of them.
        folder: of the sweep; each run gets one below it.
        options: of every run; the folders are the sweep's.
        tell: is told of every setting, and whether anything of it was trained now.
        through: is told of every run that was trained, once its line is written: its setting, its seed, the line.
        together: train the seeds of a setting in one program; None: where that is possible and quicker.

    Returns:
        What became of the settings, in their order.

    Raises:
        Stopped: by a signal; what was finished is kept.
        BadInput, DataUnavailable: as a run would.
    """
    check_sweep(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ledger, outcomes = ResultLog(folder / _DONE), []
    for setting in settings:
        keys = [identity(replace(setting.recipe, seed=seed)) for seed in seeds]
        place = folder / folder_name(setting.given, identity(replace(setting.recipe, seed=0)))
        todo = [seed for seed, key in zip(seeds, keys, strict=True) if key not in ledger.done]
        for seed, line in zip(todo, _trained(setting.recipe, todo, place, options, together), strict=True):
            ledger.write(line)
            through(setting, seed, line)
        outcomes.append(SettingResult(setting, [ledger.done[key] for key in keys], place))
        tell(outcomes[-1], bool(todo))
    return outcomes


def _trained(recipe: Recipe, seeds: Sequence[int], place: Path, options: RunOptions, together: bool | None) -> _Lines:
    """Trains the seeds; gives a line of `sweep.jsonl` for each."""
    runs = [(replace(recipe, seed=seed), _options(options, place / f"seed-{seed}")) for seed in seeds]
    first = None
    if len(runs) > 1 and together is not False and (together or traits(recipe.trainer).vmap):
        first = _setup(*runs[0])
        if together or quicker_together(first):
            yield from _side_by_side(first, runs)
            return
    yield from _one_after_another(runs, first)


def _one_after_another(runs: Sequence[_Run], before: Setup | None) -> _Lines:
    for recipe, options in runs:
        try:
            result = run(recipe, options, like=before)
        except RunFailed as error:
            yield failed(recipe, error)
            continue
        if result.signal:
            raise Stopped(result.signal)
        before = result.setup
        yield finished(recipe, result)


def _side_by_side(first: Setup, runs: Sequence[_Run]) -> _Lines:
    parts = [first, *(first.of_seed(recipe.seed) or _setup(recipe, options) for recipe, options in runs[1:])]
    try:
        for (recipe, _), result in zip(runs, run_side_by_side(parts, runs), strict=True):
            yield failed(recipe, result) if isinstance(result, RunFailed) else finished(recipe, result)
    except OutOfMemory as error:
        yield from (failed(recipe, error) for recipe, _ in runs)


def _setup(recipe: Recipe, options: RunOptions) -> Setup:
    return setup(
        recipe,
        options.place(),
        sharding=sharding_for(options),
        skip_bad=options.on_nan == "skip",
        log_every=options.log_every,
        remat=options.remat,
    )


def _options(options: RunOptions, folder: Path) -> RunOptions:
    """Of one run. What an earlier sweep left there half done is replaced, were it ended before its first file stood."""
    if folder.is_dir() and not (folder / "config.json").exists():
        for path in folder.glob(".tmp-*"):
            path.unlink()
    return replace(options, out=folder, overwrite=True, quiet=True, ckpt_every="off")
