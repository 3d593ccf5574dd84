"""Runs a sweep: many settings of a recipe, each with several seeds, each a run in a folder of its own.

Finished runs are logged in `sweep.jsonl`, so that an interrupted sweep continues where it ended.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..errors import BadInput, RunFailed
from ..runs.lock import Lock
from ..runs.setup import Setup
from ..runs.start import parts_of
from ..runtime.out_of_memory import OutOfMemory
from ..trainers import traits
from .grid import folder_name
from .programs import Programs, numbers_of, parts_of_equal_size, program_of, same_programs
from .results import ResultLog, Setting, SettingResult, failed, finished, identity
from .vmapped_runs import run_vmapped
from .vmapped_training import VmappedRuns, is_faster_vmapped, runs_together

__all__ = ["LOG", "check_sweep", "open_folder", "options_of", "sweep"]

LOG = "sweep.jsonl"
"""File of the finished runs."""
_Run = tuple[Recipe, RunOptions]


def check_sweep(folder: Path) -> None:
    """Checks that a sweep can be written to a folder; changes nothing.

    Raises:
        BadInput: if it is a file, or a folder with other contents.
    """
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise BadInput(f"--out {folder}: {place} is a file, not a folder")
    if folder.is_dir() and any(path.name != ".lock" for path in folder.iterdir()) and not (folder / LOG).is_file():
        raise BadInput(f"--out {folder} is not empty and contains no sweep: name a new or an empty folder")


@contextmanager
def open_folder(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Makes the folder of a sweep and locks it.

    Args:
        folder: folder of the sweep.
        shared: several processes write to it, each to runs of its own.

    Raises:
        BadInput: if it cannot be written, has other contents, or another process uses it.
    """
    check_sweep(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOG).touch()
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be written: {error.strerror or error}") from error
    with nullcontext() if shared else Lock(folder):
        yield


def options_of(options: RunOptions, folder: Path) -> RunOptions:
    """Returns the options of one run, which replaces what an interrupted sweep left in its folder."""
    return replace(options, out=folder, overwrite=True, quiet=True, ckpt_every="off")


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

    Settings that share their programs are trained one after another, whatever their order.

    Args:
        settings: settings to train.
        seeds: seeds, of each setting.
        folder: folder of the sweep; each run has a folder below it.
        options: options of every run, except for its folder.
        on_setting: called with the result of every setting, and whether any of its runs was trained now.
        on_run: called after every trained run with its setting, seed and logged entry.
        vmapped: train several runs in one program; None: where that is possible and faster.

    Returns:
        The results of the settings, in their order.

    Raises:
        Stopped: by a signal; finished runs are kept.
        BadInput, DataUnavailable: as a run does.
    """
    with open_folder(folder):
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
    log, programs, results = ResultLog(folder / LOG), Programs(), dict[int, SettingResult]()
    for group in same_programs(settings):
        members = [settings[i] for i in group]
        keys = [[identity(replace(each.recipe, seed=seed)) for seed in seeds] for each in members]
        places = [folder / folder_name(each.given, identity(replace(each.recipe, seed=0))) for each in members]
        left = [[seed for seed, key in zip(seeds, own, strict=True) if key not in log.done] for own in keys]
        runs = [
            (replace(each.recipe, seed=seed), options_of(options, place / f"seed-{seed}"))
            for each, place, some in zip(members, places, left, strict=True)
            for seed in some
        ]
        lines = _trained(members[0], runs, programs, vmapped)
        for i, each, own, place, some in zip(group, members, keys, places, left, strict=True):
            for seed in some:
                line = next(lines)
                log.write(line)
                on_run(each, seed, line)
            results[i] = SettingResult(each, [log.done[key] for key in own], place)
            on_setting(results[i], bool(some))
    return [results[i] for i in range(len(settings))]


def _trained(
    setting: Setting, runs: Sequence[_Run], programs: Programs, vmapped: bool | None
) -> Iterator[dict[str, Any]]:
    """Trains runs that share the programs of a setting; yields an entry of `sweep.jsonl` for each."""
    program, numbers = program_of(setting), numbers_of(setting)
    if len(runs) > 1 and vmapped is not False and (vmapped or traits(setting.recipe.trainer).vmap):
        first = parts_of(*runs[0], numbers=numbers)
        if vmapped or is_faster_vmapped(first):
            yield from _vmapped(first, runs, numbers)
            return
        programs.keep(program, first)
    for recipe, options in runs:
        yield programs.train(program, recipe, options, numbers)


def _vmapped(first: Setup, runs: Sequence[_Run], numbers: Collection[str]) -> Iterator[dict[str, Any]]:
    programs = None
    most = runs_together(first, len({recipe.seed for recipe, _ in runs}))
    for some in parts_of_equal_size(runs, most):
        parts = [first.of(each[0]) or parts_of(*each, numbers=numbers) for each in some]
        programs = VmappedRuns(parts) if programs is None or len(programs.parts) != len(some) else programs.of(parts)
        try:
            for (recipe, _), result in zip(some, run_vmapped(programs, some), strict=True):
                yield failed(recipe, result) if isinstance(result, RunFailed) else finished(recipe, result)
        except OutOfMemory as error:
            yield from (failed(recipe, error) for recipe, _ in some)
