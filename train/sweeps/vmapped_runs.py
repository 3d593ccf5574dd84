"""Writes the run folders of runs that are trained in one program, each as that of a run alone."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ..callback import Callback, CallbackList
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..errors import RunFailed
from ..files import write_json
from ..runs.best_model import best_model_callback, kept_metrics, saved_in
from ..runs.environment import environment
from ..runs.folder import CONFIG_FILE, prepare_folder
from ..runs.lock import FolderIdentity
from ..runs.out_of_memory import out_of_memory
from ..runs.result import Result, beside_baseline, checked, finish
from ..runs.run import extra_callbacks
from ..runs.setup import Setup
from ..runtime.out_of_memory import explained
from ..runtime.signals import StopFlag
from ..strict_json import strict
from .results import Stopped
from .vmapped_training import VmappedRuns, train_vmapped

__all__ = ["run_vmapped"]


def run_vmapped(programs: VmappedRuns, runs: Sequence[tuple[Recipe, RunOptions]]) -> Iterator[Result | RunFailed]:
    """Trains runs in one program and writes their folders; yields the result of each, or the reason of its failure.

    Args:
        programs: programs and parts of the runs.
        runs: recipe of each run, with options that name its folder.

    Raises:
        Stopped: by a signal; no run is written.
        OutOfMemory: if the memory does not suffice for all of them.
    """
    records = [_Record(each, *run) for each, run in zip(programs.parts, runs, strict=True)]
    began = time.perf_counter()
    with StopFlag() as stop:
        failed = explained(
            lambda: train_vmapped(programs, [each.callbacks for each in records], stop),
            lambda error: out_of_memory(error, *runs[0]),
        )
    if stop.requested:
        raise Stopped(stop.requested)
    seconds = (time.perf_counter() - began) / len(runs)
    for record, error in zip(records, failed, strict=True):
        record.callbacks.on_stop()
        yield error or record.result(seconds)


class _Record:
    """Folder and callbacks of one run.

    Rows and model are written once, at the end, because writing them at every evaluation takes longer than training a
    small network. A run that is interrupted starts again.
    """

    def __init__(self, parts: Setup, recipe: Recipe, options: RunOptions):
        self.parts, self.pictures, self.folder = parts, options.pictures, prepare_folder(recipe, options)
        write_json(self.folder / CONFIG_FILE, {"recipe": asdict(recipe), **environment(options, recipe.model)})
        self.identity = FolderIdentity(self.folder)
        self.rows, self.best = _Rows(), best_model_callback(parts, saved_in(self.folder), None)
        self._save, self.best.save = self.best.save, self._hold
        self.callbacks = CallbackList([self.rows, self.best, *extra_callbacks(parts, options)])
        self.callbacks.on_start(parts, self.folder)

    def result(self, seconds: float) -> Result | RunFailed:
        """Writes the run after its training; returns the result, or the reason for which there is none."""
        self.identity.check()
        rows = self.rows.rows
        lines = [json.dumps(strict(row), allow_nan=False) + "\n" for row in rows]
        (self.folder / "metrics.jsonl").write_text("".join(lines), encoding="utf-8")
        try:
            result = checked(Result(self.folder, kept_metrics(rows, self.best), rows, seconds, self.parts))
            self._save(*self._held)
        except RunFailed as error:
            return error
        result = finish(beside_baseline(result), self.pictures)
        self.callbacks.on_end(result)
        return result

    def _hold(self, fit: dict, row: dict) -> None:
        self._held = fit, row


class _Rows(Callback):
    """Callback that collects the rows of a run."""

    def __init__(self):
        self.rows: list[dict] = []

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Appends the row."""
        self.rows.append(row)
