"""What listens to a run: users pass their own to `run(recipe, callbacks=[...])`."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["Best", "Callback", "Journal"]


class Callback:
    """Told of a run's events; every method may be left out."""

    def start(self, setup: Any, folder: Path) -> None:
        """Before the first step: what will run, and the folder that it fills."""

    def moved(self, step: int, row: dict) -> None:
        """A few times a second: the means since the last log. What is shown, not what is kept."""

    def row(self, row: dict, fit: dict) -> bool | None:
        """A row of metrics, the same in every run of a recipe; True ends the run. `fit` must not be kept."""

    def end(self, result: Any) -> None:
        """After the last step."""


class Journal(Callback):
    """Writes every row to `metrics.jsonl`, a line each, on disk before the run goes on."""

    def __init__(self, path: Path):
        self.path, self.rows = path, []

    def row(self, row: dict, fit: dict) -> None:
        """Appends the row."""
        self.rows.append(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())


class Best(Callback):
    """Keeps the best evaluation, saves the fit that reached it, and ends the run when nothing better comes.

    Args:
        split: whose rows decide.
        metric: which of their values.
        higher: whether more is better.
        patience: epochs to wait for something better; None waits for ever.
        save: called with the fit and the row of every new best.
    """

    def __init__(self, split: str, metric: str, higher: bool, patience: int | None, save: Callable[[dict, dict], None]):
        self.split, self.metric, self.higher, self.patience, self.save = split, metric, higher, patience, save
        self.best: dict | None = None

    def row(self, row: dict, fit: dict) -> bool:
        """Compares and remembers; True when patience is at its end."""
        if row["split"] != self.split or math.isnan(row[self.metric]):
            return False
        if self.best is None or self._better(row[self.metric], self.best[self.metric]):
            self.best = row
            self.save(fit, row)
        return self.patience is not None and row["epoch"] - self.best["epoch"] >= self.patience

    def _better(self, new: float, old: float) -> bool:
        return new > old if self.higher else new < old
