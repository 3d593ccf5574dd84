"""A checkpoint on disk: a folder that is whole or not there, and that proves what it holds.

`checkpoints/<step>/` holds `state.safetensors` (all that training needs to go on; what several processes share lies in
`state/`, see shares.py), `model.safetensors` (the best model until then, if any) and `manifest.json`: what is in the
files, what they belong to, and their SHA-256. It is written as `.tmp-<step>-<random>/`, synced and renamed, and older
ones go only after that.
"""

import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from ..errors import CheckpointUnusable
from ..files import MODEL_FILE, file_digest, sync, write_fsynced
from ..tree import read_arrays
from . import sharded as shares
from .manifest import MANIFEST, read_manifest, serialize

__all__ = ["FOLDER", "Checkpoint", "LocalState", "State", "begin", "list_steps", "newest", "prune", "read", "write"]

FOLDER, _STATE = "checkpoints", "state.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files have been found to be what its manifest says.

    Attributes:
        path: its folder.
        manifest: what it says of itself.
    """

    path: Path
    manifest: Mapping[str, Any]

    @property
    def step(self) -> int:
        """The steps that were done."""
        return self.manifest["step"]

    @property
    def run(self) -> Path:
        """The folder of the run that it lies in."""
        return self.path.parent.parent

    @property
    def model(self) -> Path | None:
        """The file of the best model until then."""
        return self.path / MODEL_FILE if MODEL_FILE in self.manifest["files"] else None

    @property
    def tree(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Type and shape of its arrays, by path."""
        return {name: (dtype, tuple(shape)) for name, (dtype, shape) in self.manifest["tree"].items()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Its arrays in full, by path."""
        return shares.read_whole(self.path, self.tree) if self.shared else read_arrays(self.path / _STATE)[0]

    @property
    def shared(self) -> bool:
        """Whether each of several processes wrote a share of the arrays."""
        return _STATE not in self.manifest["files"]


class State(Protocol):
    """The arrays of a checkpoint, and how they come into its folder."""

    @property
    def tree(self) -> Mapping[str, tuple[str, tuple[int, ...]]]:
        """Their types and shapes, by path."""
        ...

    @property
    def nbytes(self) -> int:
        """What this process writes of them."""
        ...

    def write(self, beside: Path) -> dict[str, dict]:
        """Writes them, and gives the proof of each file by its name in the folder."""
        ...


class LocalState:
    """Arrays that this process has in full: one file.

    Args:
        tensors: by path.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray]):
        self.tensors = dict(tensors)
        self.tree = {name: (str(array.dtype), array.shape) for name, array in tensors.items()}
        self.nbytes = sum(array.nbytes for array in tensors.values())

    def write(self, beside: Path) -> dict[str, dict]:
        """Writes the file.

        Raises:
            RunFailed: if a parameter is no finite number.
        """
        from safetensors.numpy import save as to_bytes

        shares.check_finite(next((name for name, each in self.tensors.items() if shares.useless(name, each)), None))
        write_fsynced(beside / _STATE, lambda file: file.write(to_bytes(self.tensors)))
        return {_STATE: file_digest(beside / _STATE)}


def begin(run: Path, step: int) -> Path:
    """A folder in which a checkpoint becomes whole; until then it has another name."""
    beside = run / FOLDER / f".tmp-{step}-{secrets.token_hex(4)}"
    beside.mkdir(parents=True)
    return beside


def write(beside: Path, state: State, manifest: Mapping[str, Any], model: BinaryIO | None) -> Path:
    """Makes a checkpoint of `manifest["step"]` of a folder that was begun; there is none until it is whole.

    Args:
        beside: as `begin` gives it.
        state: the arrays.
        manifest: all but `format`, `tree` and `files`, plain JSON values.
        model: a copy of it is a part of the checkpoint.

    Raises:
        OSError: if the disk does not take it; what was written is taken away again.
        RunFailed: if it would be of no use.
    """
    place = beside.with_name(str(manifest["step"]))
    try:
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
    """The checkpoint in a folder, once every byte of it has been checked.

    Args:
        path: the folder.
        part: which of the files to check, where several processes share them.
        parts: among how many.

    Raises:
        CheckpointUnusable: if it is none, damaged, or of another version of the format; naming the file.
    """
    manifest = read_manifest(path / MANIFEST)
    files = manifest["files"]
    odd = [name for name in files if name not in (_STATE, MODEL_FILE) and not shares.is_share(name)]
    if odd or (_STATE in files) == any(map(shares.is_share, files)):
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
    """The newest checkpoint of a run that is whole; tells of each newer one that is not.

    Args:
        run: the folder.
        warn: is told of the others.
        load: reads one, and raises CheckpointUnusable if it is of no use.
        steps: those to look at, rising; None looks at all that are there.

    Raises:
        CheckpointUnusable: if there is none.
    """
    there = list_steps(run) if steps is None else steps
    for step in reversed(there):
        try:
            return load(run / FOLDER / str(step))
        except CheckpointUnusable as error:
            warn(f"{error}; looking for an older checkpoint")
    what = "none of its checkpoints can be used" if there else "it has no checkpoint"
    raise CheckpointUnusable(f"{run} cannot be resumed: {what}. --overwrite starts it anew")


def list_steps(run: Path) -> list[int]:
    """The steps of the checkpoints of a run, whole ones or not, rising."""
    if not (run / FOLDER).is_dir():
        return []
    names = (path.name for path in (run / FOLDER).iterdir())
    return sorted(int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 20)


def prune(run: Path, keep: int, newer_than: int | None = None) -> None:
    """Takes away all but the newest checkpoints, what was left half written, and what is newer than a step."""
    there = list_steps(run)
    good = [step for step in there if newer_than is None or step <= newer_than]
    gone = [run / FOLDER / str(step) for step in there if step not in good[-keep:]]
    for path in [*gone, *(run / FOLDER).glob(".tmp-*")]:
        shutil.rmtree(path, ignore_errors=True)
