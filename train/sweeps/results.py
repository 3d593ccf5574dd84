"""Results of the settings of a sweep, and the file that logs its runs."""

import json
import math
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..config.recipe import Recipe
from ..errors import RunFailed
from ..runs.lock import FolderIdentity

if TYPE_CHECKING:
    from ..runs.result import Result

__all__ = ["ResultLog", "Setting", "SettingResult", "Stopped", "failed", "finished", "identity"]


class Stopped(Exception):
    """A signal ended the sweep."""

    def __init__(self, signal: int):
        super().__init__(signal)
        self.signal = signal


class Setting(NamedTuple):
    """A recipe of a sweep, and the values in which it differs from the others."""

    given: Mapping[str, Any]
    recipe: Recipe


@dataclass(frozen=True)
class SettingResult:
    """Results of a setting with every seed.

    Attributes:
        setting: the setting.
        runs: entry of each seed in `sweep.jsonl`: `metric`, `split`, `higher`, `score`, `test`, `seconds`, `failed`; of
            a search also `pruned`, and `curve`, the scores of all evaluations. Up to a run that was pruned.
        folder: folder of its runs.
    """

    setting: Setting
    runs: Sequence[Mapping[str, Any]]
    folder: Path

    @property
    def scores(self) -> list[float]:
        """Scores of the seeds that did not fail."""
        return [each["score"] for each in self.runs if not each["failed"]]

    @property
    def pruned(self) -> bool:
        """True if a run was ended because others were better at that time."""
        return any(each.get("pruned") for each in self.runs)

    @property
    def mean(self) -> float:
        """Mean of the scores; NaN if a seed failed, so that a setting that sometimes fails is not chosen."""
        return statistics.fmean(self.scores) if self.scores and len(self.scores) == len(self.runs) else math.nan

    @property
    def spread(self) -> float:
        """Standard deviation of the scores; NaN for fewer than two."""
        return statistics.stdev(self.scores) if len(self.scores) > 1 else math.nan


class ResultLog:
    """Log of the finished runs of a sweep: one line of `sweep.jsonl` a run, by the identity of its recipe.

    Args:
        path: log file, created if it does not exist. A line that a crash left incomplete is ignored.
    """

    def __init__(self, path: Path):
        self.path, self.done = path, {}
        path.touch()
        self._folder = FolderIdentity(path.parent)
        for line in path.read_bytes().split(b"\n"):  # a damaged byte spoils its own line alone
            try:
                entry = json.loads(line)
                self.done[entry["recipe"]] = entry
            except (ValueError, KeyError, TypeError, RecursionError):
                continue

    def write(self, line: Mapping[str, Any]) -> None:
        """Appends an entry on a line of its own, even after an incomplete one, and flushes it to the disk.

        Raises:
            FolderLost: if the folder of the sweep was deleted, renamed or replaced.
        """
        self._folder.check()
        self.done[line["recipe"]] = line
        with self.path.open("r+b") as file:
            text = file.read()
            file.write(b"\n" * bool(text and not text.endswith(b"\n")) + json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def identity(recipe: Recipe) -> str:
    """Returns all that decides the numbers of a run, as a text."""
    values = asdict(replace(recipe, expect=None))
    # Logs of sweeps that are older than a field have no such key.
    usual = {"task": "", "class_weights": "", "threshold": 0.5, "fold": "", "step_at": ()}
    for name in usual:
        if values[name] == usual[name]:
            del values[name]
    return json.dumps(values, sort_keys=True, default=str)


def finished(recipe: Recipe, result: "Result") -> dict[str, Any]:
    """Returns the entry of a finished run."""
    task, rows = result.setup.task, result.rows
    split = "val" if "val" in result.setup.evaluations else "test"
    scores = [row[task.headline] for row in rows if row["split"] == "val"] or [result.metrics[task.headline]]
    about = {"metric": task.headline, "split": split, "higher": task.higher_is_better, "seconds": result.seconds}
    best = (max if task.higher_is_better else min)(scores)
    return {"recipe": identity(recipe), **about, "score": best, "test": result.metrics[task.headline], "failed": ""}


def failed(recipe: Recipe, error: RunFailed) -> dict[str, Any]:
    """Returns the entry of a failed run."""
    return {"recipe": identity(recipe), "score": math.nan, "test": math.nan, "seconds": math.nan, "failed": str(error)}
