"""What a sweep says: a line for each setting, then the table, `sweep.csv` and a picture."""

import csv
import io
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import replace_file
from ..reporting.console_stream import terminal
from ..reporting.tables import sweep_table
from ..units import format_duration
from .grid import format_value, in_words
from .results import Setting, SettingResult

__all__ = ["ShowSweep", "ranked"]

_PATIENCE = 10.0  # seconds without a line


class ShowSweep:
    """Prints a sweep while it goes, and its result.

    Args:
        settings: that it tries.
        seeds: of each.
        folder: of the sweep.
        quiet: print nothing.
    """

    def __init__(self, settings: Sequence[Setting], seeds: Sequence[int], folder: Path, quiet: bool):
        self.count, self.folder, self.console = len(settings), folder, terminal(quiet=quiet)
        self._since = self._said = time.monotonic()
        self._told, self._new = 0, 0
        runs = len(settings) * len(seeds)
        self._say(f"sweep    {len(settings)} settings x {len(seeds)} seeds = {runs} runs")
        self._say(f"folder   {folder}")

    def outcome(self, outcome: SettingResult, new: bool) -> None:
        """The line of a setting that is through."""
        self._told += 1
        self._new += new
        place = f"{self._told:>{len(str(self.count))}}/{self.count}"
        parts = [f"{place}  {in_words(outcome.setting.given)}: {score(outcome)}"]
        if not new:
            parts.append("done before")
        left = self.count - self._told
        if left and self._new:
            parts.append(f"ETA {format_duration((time.monotonic() - self._since) / self._new * left)}")
        self._say(" | ".join(parts))
        why = next((run["failed"] for run in outcome.runs if new and run["failed"]), "")
        if why:
            self._say("  " + why.partition("\n")[0])

    def run(self, setting: Setting, seed: int, line: Mapping[str, Any]) -> None:
        """A line of one run, where a setting takes long."""
        if time.monotonic() - self._said > _PATIENCE:
            result = "failed" if line["failed"] else f"{line['score']:.4f}"
            self._say(f"  {in_words(setting.given)}, seed {seed}: {result}")

    def end(self, outcomes: Sequence[SettingResult]) -> None:
        """The table, the files and what the scores were taken on."""
        outcomes = ranked(outcomes)
        names = list(outcomes[0].setting.given)
        about = next((run for each in outcomes for run in each.runs if not run["failed"]), None)
        if about is None:
            self._say("every run failed; the first one says:")
            self._say(outcomes[0].runs[0]["failed"])
            return
        self.console.print()
        self.console.print(sweep_table(_rows(outcomes, names), names, f"{about['split']} {about['metric']}"))
        write_csv(outcomes, names, self.folder / "sweep.csv")
        from ..plots.sweep import sweep as draw

        draw([(each.setting.given, each.scores) for each in outcomes], about["metric"], self.folder / "sweep.png")
        self._say(f"best     {in_words(outcomes[0].setting.given)}: {score(outcomes[0])}")
        if about["split"] == "test":
            self._say(
                "note     chosen by the test examples, so the best figure flatters: give --val-share 0.2 to choose "
                "by examples held back"
            )
        self._say(f"folder   {outcomes[0].folder}")
        self._say(f"table    {self.folder / 'sweep.csv'}, picture {self.folder / 'sweep.png'}")

    def _say(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)
        self._said = time.monotonic()


def ranked(outcomes: Sequence[SettingResult]) -> list[SettingResult]:
    """The best first; those that failed last."""
    sign = next((1 if run["higher"] else -1 for each in outcomes for run in each.runs if not run["failed"]), 1)
    return sorted(outcomes, key=lambda each: math.inf if math.isnan(each.mean) else -sign * each.mean)


def score(outcome: SettingResult) -> str:
    """Mean and spread of the scores in a few characters."""
    failed = sum(bool(run["failed"]) for run in outcome.runs)
    if failed:
        return f"{failed} of {len(outcome.runs)} failed"
    spread = "" if math.isnan(outcome.spread) else f" +- {outcome.spread:.4f}"
    return f"{outcome.mean:.4f}{spread}"


def write_csv(outcomes: Sequence[SettingResult], names: Sequence[str], path: Path) -> None:
    """A row for each setting, whole or not at all."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow([*names, "mean", "spread", "scores", "test_mean", "failed", "seconds", "folder"])
    for each in outcomes:
        runs = [run for run in each.runs if not run["failed"]]
        numbers = [each.mean, each.spread, " ".join(f"{one:.6g}" for one in each.scores)]
        numbers += [_mean([run["test"] for run in runs]), len(each.runs) - len(runs)]
        numbers += [round(sum(run["seconds"] for run in runs), 2)]
        lines.writerow([*(format_value(each.setting.given[name]) for name in names), *numbers, each.folder])
    replace_file(path, text.getvalue().encode())


def _rows(outcomes: Sequence[SettingResult], names: Sequence[str]):
    for each in outcomes:
        yield [format_value(each.setting.given[name]) for name in names], each.mean, each.spread, each.scores


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
