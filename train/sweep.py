"""A sweep: many settings of a recipe, each with several seeds, each a run in a folder of its own.

What is done is written down run by run in `sweep.jsonl`, so that a sweep that was ended anywhere goes on where it was.
"""

import json
import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from .callbacks import Callback
from .disk import write_json
from .environment import environment
from .errors import BadInput, RunFailed
from .grid import folder_name
from .keeper import keeper_of, kept_metrics
from .many import quicker_together, train_together
from .memory import OutOfMemory, explained, out_of_memory
from .options import RunOptions, prepare_folder
from .placement import placement_for
from .recipe import Recipe
from .run import Result, extras, finish, run
from .setup import Setup, setup
from .signals import Stop

__all__ = ["Outcome", "Setting", "Stopped", "check_sweep", "sweep"]

_DONE = "sweep.jsonl"


class Stopped(Exception):
    """A signal ended the sweep."""

    def __init__(self, signal: int):
        super().__init__(signal)
        self.signal = signal


class Setting(NamedTuple):
    """What is tried: a recipe, and the values in which it differs from the others."""

    given: Mapping[str, Any]
    recipe: Recipe


@dataclass(frozen=True)
class Outcome:
    """What became of a setting.

    Attributes:
        setting: it.
        runs: of each seed, as `sweep.jsonl` has it: `metric`, `split`, `higher`, `score`, `test`, `seconds`, `failed`.
        folder: where its runs lie.
    """

    setting: Setting
    runs: Sequence[Mapping[str, Any]]
    folder: Path

    @property
    def scores(self) -> list[float]:
        """Of the seeds that did not fail."""
        return [each["score"] for each in self.runs if not each["failed"]]

    @property
    def mean(self) -> float:
        """Of the scores; no number if a seed failed: a setting that fails now and then is none to choose."""
        return statistics.fmean(self.scores) if self.scores and len(self.scores) == len(self.runs) else math.nan

    @property
    def spread(self) -> float:
        """The standard deviation over the seeds, of two and more."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else math.nan


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
    tell: Callable[[Outcome, bool], None] = lambda outcome, new: None,
    *,
    together: bool | None = None,
) -> list[Outcome]:
    """Trains every setting with every seed, but for what was done before.

    Args:
        settings: what to try.
        seeds: each setting is tried with all of them.
        folder: of the sweep; each run gets one below it.
        options: of every run; the folders are the sweep's.
        tell: is told of every setting, and whether anything of it was trained now.
        together: train the seeds of a setting in one program; None: where that is possible and quicker.

    Returns:
        What became of the settings, in their order.

    Raises:
        Stopped: by a signal; what was finished is kept.
        BadInput, DataUnavailable: as a run would.
    """
    check_sweep(folder)
    folder.mkdir(parents=True, exist_ok=True)
    done = _done(folder / _DONE)
    (folder / _DONE).touch()
    outcomes = []
    for setting in settings:
        keys = [_identity(replace(setting.recipe, seed=seed)) for seed in seeds]
        place = folder / folder_name(setting.given, _identity(replace(setting.recipe, seed=0)))
        todo = [seed for seed, key in zip(seeds, keys, strict=True) if key not in done]
        for line in _trained(setting.recipe, todo, place, options, together):
            done[line["recipe"]] = line
            _write_down(folder / _DONE, line)
        outcomes.append(Outcome(setting, [done[key] for key in keys], place))
        tell(outcomes[-1], bool(todo))
    return outcomes


def _trained(recipe: Recipe, seeds: Sequence[int], place: Path, options: RunOptions, together: bool | None):
    """Trains the seeds; gives a line of `sweep.jsonl` for each."""
    runs = [(replace(recipe, seed=seed), _options(options, place / f"seed-{seed}")) for seed in seeds]
    if len(runs) > 1 and together is not False:
        parts = [_setup(*each) for each in runs]
        if together or quicker_together(parts[0]):
            try:
                yield from _side_by_side(parts, runs)
            except OutOfMemory as error:
                yield from (_failed(each, error) for each, _ in runs)
            return
    before = None
    for each, own in runs:
        try:
            result = run(each, own, like=before)
        except RunFailed as error:
            yield _failed(each, error)
            continue
        if result.signal:
            raise Stopped(result.signal)
        before = result.setup
        yield _line(each, result)


def _side_by_side(parts: Sequence[Setup], runs: Sequence[tuple[Recipe, RunOptions]]):
    records = [_Record(each, recipe, options) for each, (recipe, options) in zip(parts, runs, strict=True)]
    began = time.perf_counter()
    with Stop() as stop:
        failed = explained(
            lambda: train_together(parts, [each.listeners for each in records], stop),
            lambda error: out_of_memory(error, *runs[0]),
        )
    if stop.requested:
        raise Stopped(stop.requested)
    seconds = (time.perf_counter() - began) / len(runs)
    for record, error, (recipe, _) in zip(records, failed, runs, strict=True):
        for listener in record.listeners:
            listener.stopped()
        yield _line(recipe, record.result(seconds)) if error is None else _failed(recipe, error)


class _Record:
    """The folder of one of several runs that go on side by side.

    A run that is ended begins anew, so that rows and model are written once, at its end: to have each on the disk at
    every evaluation takes longer than to train a small network.
    """

    def __init__(self, parts: Setup, recipe: Recipe, options: RunOptions):
        self.parts, more = extras(parts, options)
        self.pictures, self.folder = options.pictures, prepare_folder(recipe, options)
        write_json(self.folder / "config.json", {"recipe": asdict(recipe), **environment(options)})
        self.rows, self.keeper = _Rows(), keeper_of(parts, self.folder, None)
        self._save, self.keeper.save = self.keeper.save, self._hold
        self.listeners: list[Callback] = [self.rows, self.keeper, *more]
        for listener in self.listeners:
            listener.start(self.parts, self.folder)

    def result(self, seconds: float) -> Result:
        """Written, once the training is over."""
        rows = self.rows.rows
        lines = [json.dumps(row) + "\n" for row in rows]
        (self.folder / "metrics.jsonl").write_text("".join(lines), encoding="utf-8")
        self._save(*self._held)
        result = Result(self.folder, kept_metrics(rows, self.keeper), rows, seconds, self.parts)
        result = finish(result, self.pictures)
        for listener in self.listeners:
            listener.end(result)
        return result

    def _hold(self, fit: dict, row: dict) -> None:
        self._held = fit, row


class _Rows(Callback):
    """Keeps the rows until the end."""

    def __init__(self):
        self.rows: list[dict] = []

    def row(self, row: dict, fit: dict) -> None:
        """Keeps it."""
        self.rows.append(row)


def _setup(recipe: Recipe, options: RunOptions) -> Setup:
    return setup(
        recipe,
        options.place(),
        placement=placement_for(options),
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


def _line(recipe: Recipe, result: Result) -> dict[str, Any]:
    task, rows = result.setup.task, result.rows
    split = "val" if "val" in result.setup.evaluations else "test"
    scores = [row[task.headline] for row in rows if row["split"] == "val"] or [result.metrics[task.headline]]
    about = {"metric": task.headline, "split": split, "higher": task.higher_is_better, "seconds": result.seconds}
    best = (max if task.higher_is_better else min)(scores)
    return {"recipe": _identity(recipe), **about, "score": best, "test": result.metrics[task.headline], "failed": ""}


def _failed(recipe: Recipe, error: RunFailed) -> dict[str, Any]:
    return {"recipe": _identity(recipe), "score": math.nan, "test": math.nan, "seconds": math.nan, "failed": str(error)}


def _identity(recipe: Recipe) -> str:
    """All that decides a run's numbers, as a text."""
    return json.dumps(asdict(replace(recipe, expect=None)), sort_keys=True, default=str)


def _done(path: Path) -> dict[str, dict]:
    """What was done, by the recipes; a line that a crash left half written is not counted."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
            found[entry["recipe"]] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _write_down(path: Path, line: Mapping[str, Any]) -> None:
    """On its own line, even after half a line, and on the disk before the sweep goes on."""
    with path.open("r+", encoding="utf-8") as file:
        text = file.read()
        file.write("\n" * bool(text and not text.endswith("\n")) + json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
