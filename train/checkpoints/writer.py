"""Writes the checkpoints of a run while it goes: copies to the host, and the disk is a thread's business."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..callback import Callback, Journal
from ..config.interval import interval
from ..config.run_options import RunOptions
from ..engine.loop import LoopState
from ..errors import RunFailed, warn
from ..files import MODEL_FILE, disk_full_error
from ..runtime.processes import broadcast_from_first, gather
from ..tree import flatten
from .checkpoint import Checkpoint, LocalState, State, begin, prune, write
from .sharded import Shares
from .sharing import is_shared

__all__ = ["CheckpointWriter", "named", "remembered"]


class CheckpointWriter:
    """Asked at every moment of a run, writes a checkpoint of those that are due.

    Nothing here changes a number of the run, whenever it writes. Of several processes the first writes, unless they
    share arrays: then each writes its own share, and the first what makes a checkpoint of them. It is whole whichever
    process dies, and can be resumed by any number.

    Args:
        folder: of the run.
        facts: what every manifest says of the run.
        journal: the rows that belong to a checkpoint.
        listeners: what else remembers.
        options: how often, and how many stay.
        found: the checkpoint that the run begins with.
        writes: whether it is this process that does.
    """

    def __init__(
        self,
        folder: Path,
        facts: Mapping[str, Any],
        journal: Journal,
        listeners: Sequence[Callback],
        options: RunOptions,
        found: Checkpoint | None = None,
        writes: bool = True,
    ):
        self.folder, self.facts, self.journal, self.listeners = folder, facts, journal, listeners
        self.every, self.keep, self.writes = interval(options.ckpt_every), options.keep, writes
        self.saved = found.step if found else 0
        self._last, self._cost = time.perf_counter(), 0.0
        self._began = self._last - (found.manifest["seconds"] if found else 0)
        self._thread: threading.Thread | None = None
        self._failed: RunFailed | None = None

    @property
    def seconds(self) -> float:
        """What the run has taken, with all its earlier lives."""
        return time.perf_counter() - self._began

    def due(self, now: LoopState, evaluates: bool) -> bool:
        """Whether to write now; what could not be written is told, and the run goes on."""
        if self._thread is not None and not self._thread.is_alive():
            self.wait()
        return self.every.due(now.step, evaluates, time.perf_counter() - self._last, self._cost)

    def last(self, now: LoopState) -> None:
        """Writes the moment that the run ends with, and is there when it is on the disk.

        Raises:
            RunFailed: if it cannot be written.
        """
        if not self.every.off:
            self.save(now)
            self.wait()
            if self._failed and self.saved != now.step:
                raise self._failed

    def save(self, now: LoopState) -> None:
        """Begins to write the moment, unless its step is written."""
        self.wait()
        began, model = time.perf_counter(), None
        tree = {"fit": now.fit} if now.totals is None else {"fit": now.fit, "totals": now.totals}
        shared = is_shared(tree)
        memories = remembered(self.listeners)  # of all processes: some tell one another
        if (
            broadcast_from_first(lambda: now.step == self.saved)
            if shared
            else now.step == self.saved or not self.writes
        ):
            return
        if shared:
            try:
                state, beside = self._shared(tree, now.step)
            except Exception as error:
                self._fails(now.step, error)
                warn(str(self._failed))
                return
        else:
            state, beside = _copied(tree), None
        # Held, for a better one takes its place.
        with suppress(FileNotFoundError):
            model = (self.folder / MODEL_FILE).open("rb") if self.writes else None
        facts = {
            **self.facts,
            "step": now.step,
            "since": now.since,
            "seconds": self.seconds,
            "metrics": self.journal.memory(),
            "listeners": memories,
        }
        self._thread = threading.Thread(target=self._write, args=(beside, state, facts, model, began), daemon=True)
        self._thread.start()

    def _shared(self, tree: Any, step: int) -> tuple[State, Path]:
        """In all processes: the arrays, and the folder into which they are being written."""
        told = broadcast_from_first(lambda: self._begun(step))
        if "wrong" in told:
            raise RunFailed(told["wrong"])
        beside = Path(told["path"])
        return Shares(beside, tree), beside

    def _begun(self, step: int) -> dict[str, str]:
        try:
            return {"path": str(begin(self.folder, step))}
        except OSError as error:
            return {"wrong": str(disk_full_error(error, self.folder))}

    def wait(self) -> None:
        """Waits for the disk, and tells what went wrong there."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            if self._failed is not None:
                warn(str(self._failed))

    def _write(self, beside: Path | None, state: State, facts: Mapping, model: BinaryIO | None, began: float) -> None:
        """In the thread: whatever goes wrong is kept for `wait`."""
        self._failed = None
        try:
            with model or nullcontext():
                self._write_whole(beside, state, facts, model)
        except Exception as error:
            self._fails(facts["step"], error)
        self._last = time.perf_counter()
        self._cost = self._last - began

    def _fails(self, step: int, error: Exception) -> None:
        failed = error if isinstance(error, RunFailed) else RunFailed(repr(error))
        rest = f"the checkpoint of step {self.saved} is whole" if self.saved else "there is none yet"
        self._failed = RunFailed(f"no checkpoint of step {step}: {failed}; {rest}")

    def _write_whole(self, beside: Path | None, state: State, facts: Mapping, model: BinaryIO | None) -> None:
        size = state.nbytes + (os.fstat(model.fileno()).st_size if model else 0)
        try:
            self.journal.sync()
            if not self.writes:
                assert beside is not None
                state.write(beside)
                return
            write(beside or begin(self.folder, facts["step"]), state, facts, model)
            self.saved = facts["step"]
            prune(self.folder, self.keep)
        except OSError as error:
            raise disk_full_error(error, self.folder, size) from error


def remembered(listeners: Sequence[Callback]) -> dict[str, Any]:
    """What each listener wants to know again after a resume, by the names of their kinds."""
    return {name: memory for name, each in named(listeners) if (memory := each.memory()) is not None}


def named(listeners: Sequence[Callback]) -> Iterator[tuple[str, Callback]]:
    """Each with a name that it has again in the next life of the run: its kind's, and a number from the second on.

    >>> [name for name, _ in named([Callback(), Callback()])]
    ['Callback', 'Callback-2']
    """
    seen: Counter[str] = Counter()
    for each in listeners:
        kind = type(each).__name__
        seen[kind] += 1
        yield (kind if seen[kind] == 1 else f"{kind}-{seen[kind]}"), each


def _copied(tree: Any) -> LocalState:
    """What this process has in full; copied, for the next step takes the arrays."""
    return LocalState({name: np.array(leaf) for name, leaf in flatten(gather(tree)).items()})
