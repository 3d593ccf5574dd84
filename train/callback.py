"""What listens to a run: users pass their own to `run(recipe, callbacks=[...])`."""

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .errors import BadInput, CheckpointUnusable

__all__ = ["Best", "Callback", "Journal", "metrics_until"]


class Callback:
    """Told of a run's events; every method may be left out."""

    def start(self, setup: Any, folder: Path) -> None:
        """Before the first step: what will run, and the folder that it fills."""

    def moved(self, step: int, row: dict) -> None:
        """A few times a second: the means since the last log. What is shown, not what is kept."""

    def row(self, row: dict, fit: dict) -> bool | None:
        """A row of metrics, the same in every run of a recipe; True ends the run. `fit` must not be kept."""

    def stopped(self) -> None:
        """After the last step, whether the run came to its end or failed: for what must be closed in any case."""

    def end(self, result: Any) -> None:
        """After a run that did not fail; the model is saved and the pictures are drawn."""

    def memory(self) -> Any:
        """What it must know again when the run is resumed, as plain JSON values; None for nothing."""

    def recall(self, memory: Any) -> None:
        """Before the first step of a resumed run: what `memory` gave when the checkpoint was written."""


class Journal(Callback):
    """Writes every row to `metrics.jsonl`, a line each.

    A row outlives the process once it is told. A power cut it outlives once `sync` was called, as it is before a
    checkpoint that knows of the row is written, and at the end: to wait for the disk at every row costs milliseconds.

    Args:
        path: of the file.
        writes: whether this process does; of several, the others only remember.
    """

    def __init__(self, path: Path, writes: bool = True):
        self.path, self.writes, self.rows = path, writes, []
        self._bytes, self._sum = 0, hashlib.sha256()

    def row(self, row: dict, fit: dict) -> None:
        """Appends the row."""
        self.rows.append(row)
        self._append(line := (json.dumps(row) + "\n").encode())
        if not self.writes:
            return
        with self.path.open("ab") as file:
            file.write(line)

    def sync(self) -> None:
        """Has the system put on the disk what was written so far."""
        if self.writes and self.path.exists():
            with self.path.open("ab") as file:
                os.fsync(file.fileno())

    def stopped(self) -> None:
        """Nothing more will be written."""
        self.sync()

    def memory(self) -> dict[str, Any]:
        """How much is written, and its SHA-256."""
        return {"bytes": self._bytes, "sha256": self._sum.hexdigest()}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Takes back the rows that came after, and a half-written one.

        Raises:
            CheckpointUnusable: if those before differ.
        """
        rows = metrics_until(self.path, memory)
        self._append(rows)
        self.rows = [json.loads(line) for line in rows.splitlines()]
        if self.writes and self.path.exists():
            with self.path.open("r+b") as file:
                file.truncate(len(rows))
                os.fsync(file.fileno())

    def _append(self, lines: bytes) -> None:
        self._bytes += len(lines)
        self._sum.update(lines)


def metrics_until(path: Path, memory: Mapping[str, Any]) -> bytes:
    """The lines of a metrics file that a checkpoint knows.

    Raises:
        CheckpointUnusable: if they are not there as they were.
    """
    wanted = memory.get("bytes")
    if type(wanted) is not int or wanted < 0:
        raise CheckpointUnusable(f"the checkpoint does not say how much of {path} belongs to it")
    there = path.stat().st_size if path.exists() else 0
    lines = path.read_bytes()[:wanted] if 0 < wanted <= there else b""
    if hashlib.sha256(lines).hexdigest() != memory.get("sha256"):
        raise CheckpointUnusable(f"{path} was changed: its first {wanted:,} bytes (of {there:,}) differ")
    return lines


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
        if row["split"] == self.split and self.metric not in row:
            known = ", ".join(name for name in row if name not in ("split", "step", "epoch"))
            raise BadInput(f"--best {self.metric} is not measured here; there are {known}")
        if row["split"] != self.split or math.isnan(row[self.metric]) or math.isnan(row.get("loss", 0)):
            return False
        if self.best is None or self._better(row[self.metric], self.best[self.metric]):
            self.best = row
            self.save(fit, row)
        return self.patience is not None and row["epoch"] - self.best["epoch"] >= self.patience

    def memory(self) -> dict | None:
        """The best row so far."""
        return self.best

    def recall(self, memory: dict) -> None:
        """Goes on from that row."""
        self.best = memory

    def _better(self, new: float, old: float) -> bool:
        return new > old if self.higher else new < old
