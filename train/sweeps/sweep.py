"""Runs a sweep: many settings of a recipe, each with several seeds, each a run in a folder of its own.

Finished runs are logged in `sweep.jsonl`, so that an interrupted sweep continues where it ended.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..distributed.sharding import sharding_for
from ..errors import BadInput, RunFailed
from ..runs.lock import FolderLost, Lock
from ..runs.run import run
from ..runs.setup import Setup, setup
from ..runtime.out_of_memory import OutOfMemory
from ..trainers import traits
from .grid import folder_name
from .results import ResultLog, Setting, SettingResult, Stopped, failed, finished, identity
from .vmapped_runs import run_vmapped
from .vmapped_training import is_faster_vmapped

__all__ = ["check_sweep", "sweep"]

_DONE = "sweep.jsonl"
_Run = tuple[Recipe, RunOptions]
_Lines = Iterator[dict[str, Any]]


def check_sweep(folder: Path) -> None:
    """Checks that a sweep can be written to a folder; changes nothing.

    Raises:
        BadInput: if it is a file, or a folder with other contents.
    """
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise BadInput(f"--out {folder}: {place} is a file, not a folder")
    if folder.is_dir() and any(path.name != ".lock" for path in folder.iterdir()) and not (folder / _DONE).is_file():
        raise BadInput(f"--out {folder} is not empty and contains no sweep: name a new or an empty folder")


def sweep(
    settings: Sequence[Setting],
    seeds: Sequence[int],
    folder: Path,
    options: RunOptions,
    on_setting: Callable[[SettingResult, bool], None] = lambda result, new: None,
    *,
    on_run: Callable[[Setting, int, Mapping[str, Any]], None] = lambda setting, seed, entry: None,
    vmapped: bool | None = None,
) -> list[SettingResult]:
    """Trains every setting with every seed, except for runs that are logged as finished.

    Args:
        settings: settings to train.
        seeds: seeds, of each setting.
        folder: folder of the sweep; each run has a folder below it.
        options: options of every run, except for its folder.
        on_setting: called with the result of every setting, and whether any of its runs was trained now.
        on_run: called after every trained run with its setting, seed and logged entry.
        vmapped: train the seeds of a setting in one program; None: where that is possible and faster.

    Returns:
        The results of the settings, in their order.

    Raises:
        Stopped: by a signal; finished runs are kept.
        BadInput, DataUnavailable: as a run does.
    """
    check_sweep(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be written: {error.strerror or error}") from error
    with Lock(folder):
        return _all(settings, seeds, folder, options, on_setting, on_run, vmapped)


def _all(
    settings: Sequence[Setting],
    seeds: Sequence[int],
    folder: Path,
    options: RunOptions,
    on_setting: Callable[[SettingResult, bool], None],
    on_run: Callable[[Setting, int, Mapping[str, Any]], None],
    vmapped: bool | None,
) -> list[SettingResult]:
    log, results = ResultLog(folder / _DONE), []
    for setting in settings:
        keys = [identity(replace(setting.recipe, seed=seed)) for seed in seeds]
        place = folder / folder_name(setting.given, identity(replace(setting.recipe, seed=0)))
        todo = [seed for seed, key in zip(seeds, keys, strict=True) if key not in log.done]
        for seed, line in zip(todo, _trained(setting.recipe, todo, place, options, vmapped), strict=True):
            log.write(line)
            on_run(setting, seed, line)
        results.append(SettingResult(setting, [log.done[key] for key in keys], place))
        on_setting(results[-1], bool(todo))
    return results


def _trained(recipe: Recipe, seeds: Sequence[int], place: Path, options: RunOptions, vmapped: bool | None) -> _Lines:
    """Trains the seeds; yields an entry of `sweep.jsonl` for each."""
    runs = [(replace(recipe, seed=seed), _options(options, place / f"seed-{seed}")) for seed in seeds]
    first = None
    if len(runs) > 1 and vmapped is not False and (vmapped or traits(recipe.trainer).vmap):
        first = _setup(*runs[0])
        if vmapped or is_faster_vmapped(first):
            yield from _vmapped(first, runs)
            return
    yield from _one_after_another(runs, first)


def _one_after_another(runs: Sequence[_Run], before: Setup | None) -> _Lines:
    for recipe, options in runs:
        try:
            result = run(recipe, options, like=before)
        except FolderLost:
            raise
        except RunFailed as error:
            yield failed(recipe, error)
            continue
        if result.signal:
            raise Stopped(result.signal)
        before = result.setup
        yield finished(recipe, result)


def _vmapped(first: Setup, runs: Sequence[_Run]) -> _Lines:
    parts = [first, *(first.of_seed(recipe.seed) or _setup(recipe, options) for recipe, options in runs[1:])]
    try:
        for (recipe, _), result in zip(runs, run_vmapped(parts, runs), strict=True):
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
    """Returns the options of one run, which replaces what an interrupted sweep left in its folder."""
    return replace(options, out=folder, overwrite=True, quiet=True, ckpt_every="off")
