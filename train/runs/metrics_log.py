"""The metrics of a run on disk: `metrics.jsonl`, one JSON object per row."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..callback import Callback
from ..errors import CheckpointUnusable
from ..strict_json import restored, strict
from .lock import FolderIdentity

__all__ = ["MetricsLog", "read_logged"]


class MetricsLog(Callback):
    """Appends every row to `metrics.jsonl`.

    A row survives the end of the process as soon as it is appended. It survives a power failure after `sync`, which is
    called before a checkpoint that counts the row is written, and at the end: to sync every row takes milliseconds.

    Args:
        path: File to append to; None only keeps the rows.
        writes: Whether this process writes; of several processes, the others only keep the rows.
    """

    name = "metrics"

    def __init__(self, path: Path | None, writes: bool = True):
        self.path, self.writes, self.rows = path or Path(), writes and path is not None, []
        self._bytes, self._sum = 0, hashlib.sha256()
        self._folder = FolderIdentity(self.path.parent) if self.writes else None

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Appends the row; in the file NaN and infinity are null, with a word in `not_finite`.

        Raises:
            FolderLost: If the folder of the file was deleted, renamed or replaced.
        """
        self.rows.append(row)
        self._count(line := (json.dumps(strict(row), allow_nan=False) + "\n").encode())
        if self.writes:
            self.check_folder()
            with self.path.open("ab") as file:
                file.write(line)

    def check_folder(self) -> None:
        """Raises FolderLost if the folder of the file is not the one in which the run began."""
        if self._folder is not None:
            self._folder.check()

    def on_stop(self) -> None:
        """Flushes the file to disk."""
        self.sync()

    def sync(self) -> None:
        """Flushes the appended rows to disk."""
        if self.writes and self.path.exists():
            with self.path.open("ab") as file:
                os.fsync(file.fileno())

    def state_dict(self) -> dict[str, Any]:
        """Returns the size of the file and its SHA-256."""
        return {"bytes": self._bytes, "sha256": self._sum.hexdigest()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Truncates the file to the rows that the checkpoint counts, and reads them.

        Raises:
            CheckpointUnusable: If those rows have changed.
        """
        rows = read_logged(self.path, state)
        self._count(rows)
        self.rows = [restored(json.loads(line)) for line in rows.splitlines()]
        if self.writes and self.path.exists():
            with self.path.open("r+b") as file:
                file.truncate(len(rows))
                os.fsync(file.fileno())

    def _count(self, lines: bytes) -> None:
        self._bytes += len(lines)
        self._sum.update(lines)


def read_logged(path: Path, state: Mapping[str, Any]) -> bytes:
    """Reads the lines of a metrics file that a checkpoint counts.

    Args:
        path: Metrics file.
        state: State of the `MetricsLog` in the checkpoint.

    Raises:
        CheckpointUnusable: If the lines are missing or have changed.
    """
    size = state.get("bytes")
    if type(size) is not int or size < 0:
        raise CheckpointUnusable(f"the checkpoint lacks the number of bytes of {path} that belong to it")
    found = path.stat().st_size if path.exists() else 0
    lines = path.read_bytes()[:size] if 0 < size <= found else b""
    if hashlib.sha256(lines).hexdigest() != state.get("sha256"):
        raise CheckpointUnusable(f"{path} was changed: its first {size:,} bytes (of {found:,}) differ")
    return lines
