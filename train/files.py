"""Files that are whole or not there: written beside their place, synced, then renamed."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from .errors import RunFailed

__all__ = ["disk_full_error", "file_digest", "replace_file", "sync", "write_fsynced", "write_json"]


def write_fsynced(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Writes a file and has the system put it on the disk."""
    with path.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file so that at every moment there is a whole one: the old or the new."""
    beside = path.with_name(f".tmp-{path.name}-{os.getpid()}")
    try:
        write_fsynced(beside, lambda file: file.write(content))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Replaces a file by values as JSON; arrays become lists, what JSON does not know becomes its text."""
    replace_file(path, (json.dumps(content, indent=2, default=_plain) + "\n").encode())


def sync(path: Path) -> None:
    """Has the system put a file on the disk, or a folder's own list, so that a rename outlives a power cut."""
    if os.name == "nt":  # pragma: no cover - which cannot open a folder
        return
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def file_digest(path: Path) -> dict[str, Any]:
    """The size of a file in bytes, and its SHA-256."""
    with path.open("rb") as file:
        return {"size": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def disk_full_error(error: OSError, place: Path, needed: int = 0) -> RunFailed:
    """What to tell when something could not be written: where, why, the bytes that were needed and that are free."""
    where = Path(os.fsdecode(error.filename)) if error.filename else place
    said = f"{where} cannot be written: {error.strerror or error}"
    try:
        free = shutil.disk_usage(place if place.exists() else place.parent).free
    except OSError:
        return RunFailed(said)
    return RunFailed(f"{said}; {needed:,} bytes needed, {free:,} free" if needed else f"{said}; {free:,} bytes free")


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
