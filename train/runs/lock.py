"""Lock of a run folder, which the system releases when the process ends, and the check that the folder is the same."""

import json
import os
import socket
import time
from contextlib import suppress
from errno import EACCES, EAGAIN, ELOOP, EROFS
from pathlib import Path

from ..errors import BadInput, RunFailed

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has none, and there nothing is locked
    fcntl = None

__all__ = ["FolderIdentity", "FolderLost", "Lock", "check_free"]

_FILE = ".lock"


class FolderLost(RunFailed):
    """The folder of a run was deleted, renamed or replaced while the run wrote to it."""


class FolderIdentity:
    """Identity of a folder on its file system, compared before a run writes into the folder again.

    Args:
        folder: The folder, which exists.
    """

    def __init__(self, folder: Path):
        self._folder, self._found = folder, _identity(folder)

    def check(self) -> None:
        """Raises FolderLost if the path names another folder by now, or none."""
        try:
            same = _identity(self._folder) == self._found
        except (FileNotFoundError, NotADirectoryError):
            raise FolderLost(
                f"{self._folder} is no longer there: it was deleted or renamed while it was written to. The run ends "
                "and writes nothing there; if it was renamed, --resume with the new name continues it"
            ) from None
        if not same:
            raise FolderLost(
                f"{self._folder} is another folder than when the run started: it was replaced while it was written "
                "to. The run ends and writes nothing there"
            )


class Lock:
    """Locks a run folder while a block runs: `with Lock(folder): ...`.

    The file remains afterwards; only the lock that the system holds on it counts.

    Raises:
        BadInput: if a running process holds the lock; the message names it.
    """

    def __init__(self, folder: Path):
        self.folder, self._file = folder, -1

    def __enter__(self) -> "Lock":
        self._file = _opened(self.folder, os.O_CREAT)
        try:
            _take(self._file, self.folder)
        except BaseException:
            os.close(self._file)
            raise
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        with suppress(OSError):  # the holder is for messages only, a full disk must not matter
            os.ftruncate(self._file, 0)
            os.write(self._file, json.dumps(holder).encode())
        return self

    def __exit__(self, *error) -> None:
        os.close(self._file)


def check_free(folder: Path) -> None:
    """Raises BadInput if a process holds the lock of the folder; changes nothing."""
    with suppress(FileNotFoundError, PermissionError):
        file = _opened(folder)
        try:
            _take(file, folder)
        finally:
            os.close(file)


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _opened(folder: Path, more: int = 0) -> int:
    """Opens the lock file; a link would let the run write into the file that it names."""
    try:
        return os.open(folder / _FILE, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | more, 0o644)
    except OSError as error:
        if error.errno == ELOOP:
            raise BadInput(f"{folder / _FILE} is a symbolic link, not the lock of a run: remove it") from None
        if error.errno == EROFS or (more and error.errno == EACCES):
            raise BadInput(f"{folder} cannot be written: {error.strerror}") from None
        raise


def _take(file: int, folder: Path) -> None:
    if fcntl is None:  # pragma: no cover
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (EACCES, EAGAIN):  # otherwise the file system has no locks
            raise BadInput(
                f"{folder} is in use by {_holder(file)}: wait until it ends, stop it, or name another folder"
            ) from None


def _holder(file: int) -> str:
    try:
        holder = json.loads(os.pread(file, 1000, 0))
        return f"process {int(holder['pid'])} on {str(holder['host'])[:100]}, since {str(holder['since'])[:40]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
