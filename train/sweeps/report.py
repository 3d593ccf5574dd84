"""Reports a sweep: a line for each setting, then a table, `sweep.csv` and a picture."""

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
from .grid import describe_setting, format_value
from .results import Setting, SettingResult

__all__ = ["SweepReport", "ranked"]

_PATIENCE = 10.0  # seconds without a line


class SweepReport:
    """Prints the progress of a sweep and its results.

    Args:
        count: number of settings of the sweep.
        seeds: seeds of each setting.
        folder: folder of the sweep.
        quiet: print nothing.
    """

    def __init__(self, count: int, seeds: Sequence[int], folder: Path, quiet: bool):
        self.count, self.folder, self.console = count, folder, terminal(quiet=quiet)
        self._since = self._printed = time.monotonic()
        self._done, self._new = 0, 0
        self._print(f"sweep    {count} settings x {len(seeds)} seeds = {count * len(seeds)} runs")
        self._print(f"folder   {folder}")

    def on_setting(self, result: SettingResult, new: bool) -> None:
        """Prints the line of a finished setting."""
        self._done += 1
        self._new += new
        place = f"{self._done:>{len(str(self.count))}}/{self.count}"
        parts = [f"{place}  {describe_setting(result.setting.given)}: {score(result)}"]
        if not new:
            parts.append("done before")
        left = self.count - self._done
        if left and self._new:
            parts.append(f"ETA {format_duration((time.monotonic() - self._since) / self._new * left)}")
        self._print(" | ".join(parts))
        why = next((run["failed"] for run in result.runs if new and run["failed"]), "")
        if why:
            self._print("  " + why.partition("\n")[0])

    def on_run(self, setting: Setting, seed: int, line: Mapping[str, Any]) -> None:
        """Prints a line for a run if nothing was printed for a while."""
        if time.monotonic() - self._printed > _PATIENCE:
            score = "failed" if line["failed"] else f"{line['score']:.4f}"
            self._print(f"  {describe_setting(setting.given)}, seed {seed}: {score}")

    def on_end(self, results: Sequence[SettingResult]) -> None:
        """Prints the table and writes the files."""
        results = ranked(results)
        names = list(results[0].setting.given)
        about = next((run for each in results for run in each.runs if not run["failed"]), None)
        if about is None:
            self._print("every run failed; the error of the first one:")
            self._print(results[0].runs[0]["failed"])
            return
        self.console.print()
        self.console.print(sweep_table(_rows(results, names), names, f"{about['split']} {about['metric']}"))
        write_csv(results, names, self.folder / "sweep.csv")
        from ..plots.sweep import sweep as draw

        draw([(each.setting.given, each.scores) for each in results], about["metric"], self.folder / "sweep.png")
        self._print(f"best     {describe_setting(results[0].setting.given)}: {score(results[0])}")
        if about["split"] == "test":
            self._print(
                "note     chosen on the test split, so the best score is optimistic: give --val-share 0.2 to choose "
                "on a validation split"
            )
        self._print(f"folder   {results[0].folder}")
        self._print(f"table    {self.folder / 'sweep.csv'}, picture {self.folder / 'sweep.png'}")

    def _print(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)
        self._printed = time.monotonic()


def ranked(results: Sequence[SettingResult]) -> list[SettingResult]:
    """Returns the results by score, the best first, then those that were pruned, and failed ones last."""
    sign = next((1 if run["higher"] else -1 for each in results for run in each.runs if not run["failed"]), 1)

    def place(result: SettingResult) -> tuple[bool, bool, float]:
        return math.isnan(result.mean), result.pruned, 0 if math.isnan(result.mean) else -sign * result.mean

    return sorted(results, key=place)


def score(result: SettingResult) -> str:
    """Formats mean and standard deviation of the scores."""
    failed = sum(bool(run["failed"]) for run in result.runs)
    if failed:
        return f"{failed} of {len(result.runs)} failed"
    spread = "" if math.isnan(result.spread) else f" +- {result.spread:.4f}"
    return f"{result.mean:.4f}{spread}{', pruned' * result.pruned}"


def write_csv(results: Sequence[SettingResult], names: Sequence[str], path: Path) -> None:
    """Writes a row for each setting, atomically."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow([*names, "mean", "spread", "scores", "test_mean", "failed", "pruned", "seconds", "folder"])
    for each in results:
        runs = [run for run in each.runs if not run["failed"]]
        numbers = [each.mean, each.spread, " ".join(f"{one:.6g}" for one in each.scores)]
        numbers += [_mean([run["test"] for run in runs]), len(each.runs) - len(runs), int(each.pruned)]
        numbers += [round(sum(run["seconds"] for run in runs), 2)]
        lines.writerow([*(format_value(each.setting.given[name]) for name in names), *numbers, each.folder])
    replace_file(path, text.getvalue().encode())


def _rows(results: Sequence[SettingResult], names: Sequence[str]):
    for each in results:
        values = [format_value(each.setting.given[name]) for name in names]
        yield values, each.mean, each.spread, each.scores, each.pruned


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
