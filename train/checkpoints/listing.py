"""Checkpoints in the folder of a run: which there are, and the removal of those that are no longer needed.

Others may keep folders of their own among them. Only a folder with the form of a checkpoint is counted or removed.
"""

import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from ..files import MODEL_FILE
from .manifest import MANIFEST, states_step

__all__ = ["FOLDER", "STATE", "discard", "is_step", "list_steps", "prune", "strangers", "unfinished"]

FOLDER, STATE, _SHARED_STATE = "checkpoints", "state.safetensors", "state"
_OWN = {MANIFEST, STATE, _SHARED_STATE, MODEL_FILE}
_UNFINISHED = re.compile(r"\.tmp-\d+-[0-9a-f]+")


def list_steps(run: Path) -> list[int]:
    """Returns the steps of all checkpoints of a run, ascending; damaged ones count, folders of others do not."""
    return sorted(int(path.name) for path in _entries(run) if _is_checkpoint(path))


def strangers(run: Path) -> list[Path]:
    """Returns what is named after a step among the checkpoints of a run and is none."""
    return sorted(path for path in _entries(run) if is_step(path.name) and not _is_checkpoint(path))


def unfinished(run: Path) -> list[Path]:
    """Returns the folders of checkpoints that a killed process left incomplete."""
    return [path for path in _entries(run) if _UNFINISHED.fullmatch(path.name) and not path.is_symlink()]


def prune(run: Path, keep: int, newer_than: int | None = None, written: int | None = None) -> None:
    """Removes all but the newest `keep` checkpoints, unfinished ones, and those newer than a step.

    Args:
        run: Run folder.
        keep: Number of checkpoints to keep.
        newer_than: Step after which none is kept; None for no limit.
        written: Step of the checkpoint just written, which is kept whatever else is there.
    """
    there = list_steps(run)
    good = [step for step in there if newer_than is None or step <= newer_than]
    kept = {*good[max(len(good) - keep, 0) :], written}
    for step in there:
        if step not in kept:
            discard(run / FOLDER / str(step))
    for path in unfinished(run):
        shutil.rmtree(path, ignore_errors=True)


def discard(path: Path) -> None:
    """Removes a checkpoint; a file of another program in its folder stays, and the folder with it."""
    with suppress(OSError):
        if {each.name for each in path.iterdir()} <= _OWN:
            hidden = path.rename(path.with_name(f".tmp-{path.name}-{secrets.token_hex(4)}"))
            shutil.rmtree(hidden, ignore_errors=True)  # a kill leaves no half of a checkpoint under its name
            return
    for name in (MANIFEST, STATE, MODEL_FILE):
        with suppress(OSError):
            (path / name).unlink()
    shutil.rmtree(path / _SHARED_STATE, ignore_errors=True)


def is_step(name: str) -> bool:
    """Returns whether a name is that of a step.

    >>> is_step("40"), is_step("040")
    (True, False)
    """
    return name.isascii() and name.isdigit() and name == str(int(name[:20])) and len(name) < 20


def _is_checkpoint(path: Path) -> bool:
    """Returns whether a path is a folder, no link to one, with the manifest of the step that it is named after.

    A folder whose manifest is damaged counts if it has the files of a checkpoint and no others.
    """
    if not is_step(path.name) or path.is_symlink() or not (path / MANIFEST).is_file():
        return False
    names = {each.name for each in path.iterdir()}
    return bool(names <= _OWN and names & {STATE, _SHARED_STATE}) or states_step(path / MANIFEST, int(path.name))


def _entries(run: Path) -> list[Path]:
    return [*(run / FOLDER).iterdir()] if (run / FOLDER).is_dir() else []
