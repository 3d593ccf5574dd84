"""What a sweep tried and what became of it, and the file that remembers it run by run."""

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

if TYPE_CHECKING:
    from ..runs.result import Result

__all__ = ["ResultLog", "Setting", "SettingResult", "Stopped", "failed", "finished", "identity"]


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
class SettingResult:
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


class ResultLog:
    """What was done, by the identities of the recipes: a line of `sweep.jsonl` for each run.

    Args:
        path: of the file; one that is not there yet is made. A line that a crash left half written is not counted.
    """

    def __init__(self, path: Path):
        self.path, self.done = path, {}
        path.touch()
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                self.done[entry["recipe"]] = entry
            except (ValueError, KeyError, TypeError):
                continue

    def write(self, line: Mapping[str, Any]) -> None:
        """On its own line, even after half a line, and on the disk before the sweep goes on."""
        self.done[line["recipe"]] = line
        with self.path.open("r+", encoding="utf-8") as file:
            text = file.read()
            file.write("\n" * bool(text and not text.endswith("\n")) + json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def identity(recipe: Recipe) -> str:
    """All that decides a run's numbers, as a text."""
    values = asdict(replace(recipe, expect=None))
    if not values["task"]:  # logs of sweeps that are older than this field have no such key
        del values["task"]
    return json.dumps(values, sort_keys=True, default=str)


def finished(recipe: Recipe, result: "Result") -> dict[str, Any]:
    """The line of a run that came to its end."""
    task, rows = result.setup.task, result.rows
    split = "val" if "val" in result.setup.evaluations else "test"
    scores = [row[task.headline] for row in rows if row["split"] == "val"] or [result.metrics[task.headline]]
    about = {"metric": task.headline, "split": split, "higher": task.higher_is_better, "seconds": result.seconds}
    best = (max if task.higher_is_better else min)(scores)
    return {"recipe": identity(recipe), **about, "score": best, "test": result.metrics[task.headline], "failed": ""}


def failed(recipe: Recipe, error: RunFailed) -> dict[str, Any]:
    """The line of one that did not."""
    return {"recipe": identity(recipe), "score": math.nan, "test": math.nan, "seconds": math.nan, "failed": str(error)}
