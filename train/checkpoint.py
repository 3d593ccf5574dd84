"""A checkpoint on disk: a folder that is whole or not there, and that proves what it holds.

`checkpoints/<step>/` holds `state.safetensors` (all that training needs to go on), `model.safetensors` (the best model
until then, if any) and `manifest.json`: what is in the files, what they belong to, and their SHA-256. It is written
as `.tmp-<step>-<random>/`, synced and renamed, and older ones go only after that.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .arrays import read_arrays
from .disk import sync_folder, write_synced
from .errors import CheckpointUnusable
from .saved import MODEL_FILE

__all__ = ["FOLDER", "MANIFEST", "Checkpoint", "keep_newest", "newest", "read", "steps_there", "write"]

FOLDER, MANIFEST, _STATE = "checkpoints", "manifest.json", "state.safetensors"
_FORMAT = 1
_LARGEST = 64 << 20  # bytes of a manifest; that of a thousand layers is a hundredth of it
# What a manifest holds; `metrics` tells how much of metrics.jsonl belongs to the checkpoint.
_KINDS: Mapping[str, type] = {
    "format": int, "step": int, "since": int, "seconds": float, "recipe": dict, "plan": dict, "options": dict,
    "data": str, "versions": dict, "devices": list, "metrics": dict, "listeners": dict, "tree": dict, "files": dict,
}  # fmt: skip


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
        """Its arrays, by path."""
        return read_arrays(self.path / _STATE)[0]


def write(run: Path, tensors: Mapping[str, np.ndarray], manifest: Mapping[str, Any], model: BinaryIO | None) -> Path:
    """Writes a checkpoint of `manifest["step"]`; there is none until it is whole.

    Args:
        run: folder of the run.
        tensors: by path.
        manifest: all but `format`, `tree` and `files`, plain JSON values.
        model: a copy of it is a part of the checkpoint.

    Raises:
        OSError: if the disk does not take it; what was written is taken away again.
    """
    from safetensors.numpy import save as to_bytes

    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    place, beside = folder / str(manifest["step"]), folder / f".tmp-{manifest['step']}-{secrets.token_hex(4)}"
    beside.mkdir()
    try:
        files = {_STATE: lambda file: file.write(to_bytes(dict(tensors)))}
        if model is not None:
            files[MODEL_FILE] = lambda file: shutil.copyfileobj(model, file)
        for name, writes in files.items():
            write_synced(beside / name, writes)
        tree = {name: [str(array.dtype), list(array.shape)] for name, array in tensors.items()}
        proofs = {name: _proof(beside / name) for name in files}
        whole = json.loads(json.dumps({**manifest, "format": _FORMAT, "tree": tree, "files": proofs}, default=str))
        text = json.dumps({"manifest": whole, "sha256": _sum(whole)}, indent=1)
        write_synced(beside / MANIFEST, lambda file: file.write(text.encode()))
        sync_folder(beside)
        beside.rename(place)
        sync_folder(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return place


def read(path: Path) -> Checkpoint:
    """The checkpoint in a folder, once every byte of it has been checked.

    Raises:
        CheckpointUnusable: if it is none, damaged, or of another version of the format; naming the file.
    """
    manifest = _manifest(path / MANIFEST)
    for name in {_STATE, *manifest["files"]}:
        if name not in (_STATE, MODEL_FILE) or name not in manifest["files"]:
            raise CheckpointUnusable(f"{path / MANIFEST} does not name the files of a checkpoint, but {name!r}")
        try:
            found = _proof(path / name)
        except OSError as error:
            raise CheckpointUnusable(f"{path / name} cannot be read: {error.strerror or error}") from error
        if found != manifest["files"][name]:
            wanted = manifest["files"][name]
            raise CheckpointUnusable(
                f"{path / name} is damaged: it should have {wanted['size']} bytes and the SHA-256 "
                f"{str(wanted['sha256'])[:12]}..., and has {found['size']} and {found['sha256'][:12]}..."
            )
    return Checkpoint(path, manifest)


def newest(run: Path, good: Callable[[Checkpoint], None], warn: Callable[[str], None]) -> Checkpoint:
    """The newest checkpoint of a run that is whole; tells of each newer one that is not.

    Args:
        run: the folder.
        good: raises CheckpointUnusable if a whole one is still of no use.
        warn: is told of the others.

    Raises:
        CheckpointUnusable: if there is none.
    """
    there = steps_there(run)
    for step in reversed(there):
        try:
            checkpoint = read(run / FOLDER / str(step))
            good(checkpoint)
        except CheckpointUnusable as error:
            warn(f"{error}; looking for an older checkpoint")
        else:
            return checkpoint
    what = "none of its checkpoints can be used" if there else "it has no checkpoint"
    raise CheckpointUnusable(f"{run} cannot be resumed: {what}. --overwrite starts it anew")


def steps_there(run: Path) -> list[int]:
    """The steps of the checkpoints of a run, whole ones or not, rising."""
    if not (run / FOLDER).is_dir():
        return []
    names = (path.name for path in (run / FOLDER).iterdir())
    return sorted(int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 20)


def keep_newest(run: Path, keep: int, newer_than: int | None = None) -> None:
    """Takes away all but the newest checkpoints, what was left half written, and what is newer than a step."""
    there = steps_there(run)
    good = [step for step in there if newer_than is None or step <= newer_than]
    gone = [run / FOLDER / str(step) for step in there if step not in good[-keep:]]
    for path in [*gone, *(run / FOLDER).glob(".tmp-*")]:
        shutil.rmtree(path, ignore_errors=True)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise CheckpointUnusable(f"{path} is no manifest of a checkpoint: it has {path.stat().st_size:,} bytes")
        found = json.loads(path.read_text(encoding="utf-8"))
        manifest, told = found["manifest"], found["sha256"]
    except OSError as error:
        raise CheckpointUnusable(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointUnusable(f"{path} is damaged, or no manifest of a checkpoint: {error!r}") from error
    if not isinstance(manifest, dict) or told != _sum(manifest):
        raise CheckpointUnusable(f"{path} is damaged: it does not have the SHA-256 that it names")
    if manifest.get("format") != _FORMAT:
        raise CheckpointUnusable(
            f"{path} has format {manifest.get('format')!r}, this version of the zoo reads format {_FORMAT}. "
            "Resume it with the version that wrote it, or take its weights alone with --init-from"
        )
    _check_kinds(path, manifest)
    return manifest


def _check_kinds(path: Path, manifest: Mapping[str, Any]) -> None:
    wrong = [name for name, kind in _KINDS.items() if type(manifest.get(name)) is not kind]
    wrong += [name for name in ("step", "since") if name not in wrong and manifest[name] < 0]
    if not wrong:
        leaves = [isinstance(leaf, list) and len(leaf) == 2 for leaf in manifest["tree"].values()]
        kinds = all(leaves) and all(isinstance(leaf[1], list) for leaf in manifest["tree"].values())
        files = all(
            isinstance(proof, dict) and {"size", "sha256"} <= set(proof) for proof in manifest["files"].values()
        )
        wrong = ["tree"] * (not kinds) + ["files"] * (not files)
    if wrong:
        raise CheckpointUnusable(f"{path} is no manifest of a checkpoint: {', '.join(wrong)} cannot be so")


def _proof(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"size": os.fstat(file.fileno()).st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _sum(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
