"""The format of a checkpoint on disk: a folder that appears only when it is complete, with digests of its files.

`checkpoints/<step>/` holds `state.safetensors` (the state of the training loop; `state/` instead if several processes
share arrays, see sharded.py), `model.safetensors` (the best model so far, if any) and `manifest.json`: the content of
the files, the run they belong to, and their SHA-256. It is written as `.tmp-<step>-<random>/`, synced and renamed;
older checkpoints are removed only after that.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from ..errors import CheckpointUnusable, RunFailed
from ..files import MODEL_FILE, file_digest, read_safetensors, sync, write_fsynced
from . import sharded
from .listing import FOLDER, STATE, list_steps, prune, strangers
from .manifest import MANIFEST, read_manifest, serialize

__all__ = ["FOLDER", "Checkpoint", "LocalState", "State", "begin", "list_steps", "newest", "prune", "read", "write"]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files agree with its manifest.

    Attributes:
        path: Folder of the checkpoint.
        manifest: Values of its manifest.
    """

    path: Path
    manifest: Mapping[str, Any]

    @property
    def step(self) -> int:
        """Steps done."""
        return self.manifest["step"]

    @property
    def run(self) -> Path:
        """Run folder."""
        return self.path.parent.parent

    @property
    def model(self) -> Path | None:
        """File of the best model so far; None if there is none."""
        return self.path / MODEL_FILE if MODEL_FILE in self.manifest["files"] else None

    @property
    def tree(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Type and shape of the arrays, by path."""
        return {name: (dtype, tuple(shape)) for name, (dtype, shape) in self.manifest["tree"].items()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Reads the arrays in full, by path."""
        return sharded.read_full(self.path, self.tree) if self.shared else read_safetensors(self.path / STATE)[0]

    @property
    def shared(self) -> bool:
        """True if several processes wrote a part of the arrays each."""
        return STATE not in self.manifest["files"]


class State(Protocol):
    """Interface of the arrays of a checkpoint that is written."""

    @property
    def tree(self) -> Mapping[str, tuple[str, tuple[int, ...]]]:
        """Types and shapes, by path."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes that this process writes."""
        ...

    def write(self, beside: Path) -> dict[str, dict]:
        """Writes the arrays; returns size and digest of each file by its name in the folder."""
        ...


class LocalState:
    """Arrays that this process holds in full, written as one file.

    Args:
        tensors: Arrays by path.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray]):
        self.tensors = dict(tensors)
        self.tree = {name: (str(array.dtype), array.shape) for name, array in tensors.items()}
        self.nbytes = sum(array.nbytes for array in tensors.values())

    def write(self, beside: Path) -> dict[str, dict]:
        """Writes the file.

        Raises:
            RunFailed: If a parameter is not finite.
        """
        from safetensors.numpy import save as to_bytes

        sharded.check_finite(
            next((name for name, each in self.tensors.items() if sharded.is_corrupting(name, each)), None)
        )
        write_fsynced(beside / STATE, lambda file: file.write(to_bytes(self.tensors)))
        return {STATE: file_digest(beside / STATE)}


def begin(run: Path, step: int) -> Path:
    """Makes the unfinished folder of a checkpoint, which `write` renames."""
    beside = run / FOLDER / f".tmp-{step}-{secrets.token_hex(4)}"
    beside.parent.mkdir(exist_ok=True)  # without parents: a run folder that was removed is not made anew
    beside.mkdir()
    return beside


def write(beside: Path, state: State, manifest: Mapping[str, Any], model: BinaryIO | None) -> Path:
    """Writes the checkpoint of `manifest["step"]`; it appears only when it is complete.

    Args:
        beside: Unfinished folder, from `begin`.
        state: Arrays.
        manifest: Values of the manifest but `format`, `tree` and `files`, plain JSON.
        model: Model file to copy into the checkpoint; None for none.

    Returns:
        Folder of the checkpoint.

    Raises:
        OSError: If the disk refuses it; the unfinished folder is removed.
        RunFailed: If a parameter is not finite, or something else has the name of the folder.
    """
    place = beside.with_name(str(manifest["step"]))
    try:
        if os.path.lexists(place):
            raise RunFailed(f"{place} is there already and is no checkpoint of this run: move it elsewhere")
        files = state.write(beside)
        if model is not None:
            write_fsynced(beside / MODEL_FILE, lambda file: shutil.copyfileobj(model, file))
            files[MODEL_FILE] = file_digest(beside / MODEL_FILE)
        text = serialize({**manifest, "tree": state.tree, "files": files})
        write_fsynced(beside / MANIFEST, lambda file: file.write(text))
        sync(beside)
        beside.rename(place)
        sync(place.parent)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return place


def read(path: Path, part: int = 0, parts: int = 1) -> Checkpoint:
    """Reads the manifest of a checkpoint and checks every byte of its files.

    Args:
        path: Folder of the checkpoint.
        part: Part of the files that this process checks.
        parts: Number of parts.

    Raises:
        CheckpointUnusable: If it is no checkpoint, damaged, or of an unknown version of the format; names the file.
    """
    manifest = read_manifest(path / MANIFEST)
    files = manifest["files"]
    odd = [name for name in files if name not in (STATE, MODEL_FILE) and not sharded.is_shard_file(name)]
    if odd or (STATE in files) == any(map(sharded.is_shard_file, files)):
        what = repr(odd[0]) if odd else ", ".join(map(repr, files)) or "none"
        raise CheckpointUnusable(f"{path / MANIFEST} does not name the files of a checkpoint, but {what}")
    for name in sorted(files)[part::parts]:
        try:
            found = file_digest(path / name)
        except OSError as error:
            raise CheckpointUnusable(f"{path / name} cannot be read: {error.strerror or error}") from error
        if found != files[name]:
            wanted = files[name]
            raise CheckpointUnusable(
                f"{path / name} is damaged: it should have {wanted['size']} bytes and the SHA-256 "
                f"{str(wanted['sha256'])[:12]}..., and has {found['size']} and {found['sha256'][:12]}..."
            )
    return Checkpoint(path, manifest)


def newest(
    run: Path,
    warn: Callable[[str], None],
    load: Callable[[Path], Checkpoint] = read,
    steps: Sequence[int] | None = None,
) -> Checkpoint:
    """Returns the newest usable checkpoint of a run, with a warning for each newer one that is not usable.

    Args:
        run: Run folder.
        warn: Called with each warning.
        load: Reads a checkpoint; raises CheckpointUnusable if it is not usable.
        steps: Steps of the checkpoints to try, ascending; None for all.

    Raises:
        CheckpointUnusable: If there is none.
    """
    there = list_steps(run) if steps is None else steps
    for path in strangers(run):
        warn(f"{path} is not a checkpoint, a folder with the {MANIFEST} of its step: it is left alone")
    for step in reversed(there):
        try:
            return load(run / FOLDER / str(step))
        except CheckpointUnusable as error:
            warn(f"{error}; trying an older checkpoint")
    what = "none of its checkpoints can be used" if there else "it has no checkpoint"
    raise CheckpointUnusable(f"{run} cannot be resumed: {what}. --overwrite starts it again")
