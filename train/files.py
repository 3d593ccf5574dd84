"""Atomic files, JSON, digests, and the folders and names that every room shares."""

import errno
import io
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from .errors import BadInput, CheckpointUnusable, RunFailed

__all__ = [
    "MODEL_FILE",
    "PICTURE_MARK",
    "atomic",
    "check_regular",
    "disk_full_error",
    "file_digest",
    "irregular",
    "open_bytes",
    "read_safetensors",
    "replace_file",
    "sync",
    "user_cache",
    "write_fsynced",
    "write_json",
    "write_output",
]

MODEL_FILE = "model.safetensors"
"""Name of a trained model in the folder of its run and of a checkpoint."""

PICTURE_MARK = "Neural Network Zoo"
"""Software that a picture of a run names, by which it is told from those of a person."""

_PIPE_LIMIT = 64 << 20  # bytes that are read from a pipe


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for writing that replaces `path` when the block ends.

    At every moment `path` holds the old or the new content, never a part; if the block raises, the old content stays.

    >>> from tempfile import mkdtemp
    >>> place = Path(mkdtemp()) / "x.txt"
    >>> with atomic(place) as file:
    ...     _ = file.write(b"all of it")
    >>> place.read_bytes()
    b'all of it'
    """
    unfinished = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        with suppress(OSError):  # it would hide the error of the block
            unfinished.unlink()


def write_fsynced(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes a file and flushes it to the disk."""
    with path.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Replaces the content of a file atomically."""
    with atomic(path) as file:
        file.write(content)


def write_output(path: Path, content: bytes, flag: str = "--out") -> None:
    """Replaces the content of a file that a flag names, atomically.

    Raises:
        BadInput: if it cannot be written; the message names flag, file and reason.
    """
    path = path.expanduser()
    if path.is_dir():
        raise BadInput(f"{flag} {path} is a folder: give the path of a file in it")
    try:
        if irregular(path):  # /dev/stdout and /dev/null must not be replaced by a file
            path.write_bytes(content)
        else:
            replace_file(path, content)
    except OSError as error:
        raise BadInput(f"{flag} {path} cannot be written: {error.strerror or error}") from error


def write_json(path: Path, content: Any) -> None:
    """Replaces a file by values as JSON; arrays become lists, values of other types their text."""
    replace_file(path, (json.dumps(content, indent=2, default=_plain) + "\n").encode())


def sync(path: Path) -> None:
    """Flushes a file, or a folder's directory entries, to the disk, so that a rename survives a power failure."""
    if os.name == "nt":  # pragma: no cover - Windows cannot open a folder
        return
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def irregular(path: Path) -> str:
    """Returns what a path names other than a regular file or a folder, or an empty text.

    >>> irregular(Path("/dev/null")), irregular(Path("/nowhere"))
    ('a device', '')
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # not there, or no path at all: whoever opens it says why
        return ""
    kinds = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"))
    return next((name for fits, name in (*kinds, (stat.S_ISBLK, "a device")) if fits(mode)), "")


def check_regular(path: Path, where: str = "") -> None:
    """Checks that a file of the user's is no pipe, device or socket: to read one may never end.

    Args:
        path: the file; nothing is checked if it does not exist.
        where: name of the file in the message; "" takes the path.

    Raises:
        BadInput: if it is one.
    """
    if found := irregular(path):
        raise BadInput(f"{where or path} is {found}, not a regular file: save its content as a file and give that one")


def open_bytes(path: Path, where: str = "") -> BinaryIO:
    """Opens a file to read it; also a pipe that the shell opened, `/dev/stdin` or `<(command)`, up to a limit.

    Args:
        path: the file.
        where: name of the file in messages; "" takes the path.

    Raises:
        BadInput: if it is a device or a pipe with a name of its own, or the pipe does not end within the limit.
        OSError: if it cannot be read.
    """
    opened = re.fullmatch(r"/dev/stdin|/(dev|proc/self)/fd/\d+", str(path))
    if not (opened and irregular(path) == "a pipe"):
        check_regular(path, where)
        return path.open("rb")
    with path.open("rb") as file:
        content = file.read(_PIPE_LIMIT + 1)
    if len(content) > _PIPE_LIMIT:
        raise BadInput(f"{where or path} is a pipe of more than {_PIPE_LIMIT >> 20} MB: save it as a file first")
    return io.BytesIO(content)


def read_safetensors(path: Path, arrays: bool = True) -> tuple[dict[str, Any], dict[str, str]]:
    """Reads the arrays of a safetensors file as numpy's, by name, and the texts of its header.

    Args:
        path: the file.
        arrays: False reads the header alone.

    Raises:
        CheckpointUnusable: if the file is damaged or not of this format.
    """
    from safetensors import SafetensorError, safe_open

    if found := irregular(path):
        raise CheckpointUnusable(f"{path} is {found}, not the file of a model")
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys() if arrays else ()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, ValueError, TypeError, AttributeError, KeyError, OSError) as error:
        raise CheckpointUnusable(f"{path} cannot be read, it is damaged or something else: {error}") from error


def file_digest(path: Path) -> dict[str, Any]:
    """Returns the size of a file in bytes and its SHA-256."""
    import hashlib  # OpenSSL takes a while to load, and the command line's help does not need it

    if found := irregular(path):
        raise OSError(errno.EINVAL, f"it is {found}", str(path))
    with path.open("rb") as file:
        return {"size": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def disk_full_error(error: OSError, place: Path, needed: int = 0) -> RunFailed:
    """Returns the error to raise for a failed write: the path, the reason, the bytes needed and free.

    Args:
        error: failure of the system.
        place: file or folder that was being written, for an error without a file name.
        needed: bytes of the file; 0 if unknown.
    """
    where = Path(os.fsdecode(error.filename)) if error.filename else place
    reason = f"{where} cannot be written: {error.strerror or error}"
    try:
        free = shutil.disk_usage(place if place.exists() else place.parent).free
    except OSError:
        return RunFailed(reason)
    return RunFailed(
        f"{reason}; {needed:,} bytes needed, {free:,} free" if needed else f"{reason}; {free:,} bytes free"
    )


def user_cache() -> Path:
    """Returns the user's cache folder: `~/.cache`, or the one that the system or XDG_CACHE_HOME sets.

    Raises:
        RuntimeError: if the user has no home folder.
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".cache"


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
