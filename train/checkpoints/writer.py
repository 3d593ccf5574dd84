"""Writes the checkpoints of a run: copies the state to the host, and a thread writes it to disk."""

import os
import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from ..config.interval import interval
from ..errors import RunFailed, warn
from ..files import MODEL_FILE, disk_full_error
from ..runtime.processes import broadcast_from_first, gather
from ..tree import flatten
from .checkpoint import Checkpoint, LocalState, State, begin, prune, write
from .sharded import ShardedState, is_shared

__all__ = ["CheckpointWriter"]


class Stateful(Protocol):
    """Interface of callbacks whose state a checkpoint keeps."""

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as plain JSON values."""
        ...


class MetricsFile(Stateful, Protocol):
    """Interface of the log of metrics."""

    def sync(self) -> None:
        """Flushes the rows to disk."""

    def check_folder(self) -> None:
        """Raises RunFailed if the run folder is no longer the one in which the run began."""


class TrainingState(Protocol):
    """Interface of the state of the training loop."""

    fit: dict
    step: int
    totals: dict | None
    since: int


class CheckpointWriter:
    """Writes a checkpoint at every step of a run at which one is due.

    It changes no result of the run. Of several processes the first writes, unless they share arrays: then each writes
    its part, and the first completes the checkpoint. A checkpoint is complete whichever process dies, and can be
    resumed by any number of processes.

    Args:
        folder: Run folder.
        facts: Values that every manifest of the run holds.
        log: Log of the metrics.
        callbacks: Callbacks, whose state is saved.
        every: When checkpoints are due, as the text of `--ckpt-every`.
        keep: Number of checkpoints to keep.
        found: Checkpoint that the run is resumed from.
        writes: Whether this process writes.
    """

    def __init__(
        self,
        folder: Path,
        facts: Mapping[str, Any],
        log: MetricsFile,
        callbacks: Stateful,
        *,
        every: str | None,
        keep: int,
        found: Checkpoint | None = None,
        writes: bool = True,
    ):
        self.folder, self.facts, self.log, self.callbacks = folder, facts, log, callbacks
        self.every, self.keep, self.writes = interval(every), keep, writes
        self.saved = found.step if found else 0
        self._last, self._cost = time.perf_counter(), 0.0
        self._began = self._last - (found.manifest["seconds"] if found else 0)
        self._thread: threading.Thread | None = None
        self._failed: RunFailed | None = None

    @property
    def seconds(self) -> float:
        """Seconds that the run has taken, before and after it was resumed."""
        return time.perf_counter() - self._began

    def due(self, now: TrainingState, evaluates: bool) -> bool:
        """Returns whether a checkpoint is due; warns if the last one could not be written."""
        if self._thread is not None and not self._thread.is_alive():
            self.wait()
        return self.every.due(now.step, evaluates, time.perf_counter() - self._last, self._cost)

    def last(self, now: TrainingState) -> None:
        """Saves the state at the end of the run and waits until it is on disk.

        Raises:
            RunFailed: If it cannot be written.
        """
        if not self.every.off:
            self.save(now)
            self.wait()
            if self._failed and self.saved != now.step:
                raise self._failed

    def save(self, now: TrainingState) -> None:
        """Starts to write the state, unless its step is saved already.

        Raises:
            RunFailed: If the run folder was deleted, renamed or replaced.
        """
        self.log.check_folder()
        self.wait()
        began, model = time.perf_counter(), None
        tree = {"fit": now.fit} if now.totals is None else {"fit": now.fit, "totals": now.totals}
        shared = is_shared(tree)
        states = self.callbacks.state_dict()  # in all processes: some callbacks exchange their state
        if (
            broadcast_from_first(lambda: now.step == self.saved)
            if shared
            else now.step == self.saved or not self.writes
        ):
            return
        copied = None if shared else _copied(tree)
        try:  # the folder is made here, not in the thread, as the run folder was checked a moment ago
            state, beside = (copied, self._begin(now.step)) if copied else self._sharded(tree, now.step)
        except Exception as error:
            self._fails(now.step, error)
            warn(str(self._failed))
            return
        # Opened now, as the run may replace the file with a better model.
        with suppress(FileNotFoundError):
            model = (self.folder / MODEL_FILE).open("rb") if self.writes else None
        manifest = {
            **self.facts,
            "step": now.step,
            "since": now.since,
            "seconds": self.seconds,
            "metrics": self.log.state_dict(),
            "callbacks": states,
        }
        self._thread = threading.Thread(target=self._write, args=(beside, state, manifest, model, began), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Waits for the disk; warns if a checkpoint could not be written."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            if self._failed is not None:
                warn(str(self._failed))

    def _sharded(self, tree: Any, step: int) -> tuple[State, Path]:
        """Returns, in all processes, the arrays and the folder into which they are being written."""
        made = broadcast_from_first(lambda: self._try_begin(step))
        if "error" in made:
            raise RunFailed(made["error"])
        beside = Path(made["path"])
        return ShardedState(beside, tree), beside

    def _try_begin(self, step: int) -> dict[str, str]:
        try:
            return {"path": str(self._begin(step))}
        except RunFailed as error:
            return {"error": str(error)}

    def _begin(self, step: int) -> Path:
        try:
            return begin(self.folder, step)
        except OSError as error:
            raise disk_full_error(error, self.folder) from error

    def _write(self, beside: Path, state: State, manifest: Mapping, model: BinaryIO | None, began: float) -> None:
        """Writes, in the thread; an error is kept for `wait`."""
        self._failed = None
        try:
            with model or nullcontext():
                self._write_all(beside, state, manifest, model)
        except Exception as error:
            self._fails(manifest["step"], error)
        self._last = time.perf_counter()
        self._cost = self._last - began

    def _fails(self, step: int, error: Exception) -> None:
        failed = error if isinstance(error, RunFailed) else RunFailed(repr(error))
        rest = f"the checkpoint of step {self.saved} is complete" if self.saved else "there is none yet"
        self._failed = RunFailed(f"no checkpoint of step {step}: {failed}; {rest}")

    def _write_all(self, beside: Path, state: State, manifest: Mapping, model: BinaryIO | None) -> None:
        size = state.nbytes + (os.fstat(model.fileno()).st_size if model else 0)
        try:
            self.log.sync()
            if not self.writes:
                state.write(beside)
                return
            write(beside, state, manifest, model)
            self.saved = manifest["step"]
            prune(self.folder, self.keep, written=self.saved)
        except OSError as error:
            raise disk_full_error(error, self.folder, size) from error


def _copied(tree: Any) -> LocalState:
    """Copies the arrays to the host, as the next step reuses their memory."""
    return LocalState({name: np.array(leaf) for name, leaf in flatten(gather(tree)).items()})
