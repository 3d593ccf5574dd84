"""Writes and reads arrays that several processes share: each its own part, with orbax.

Arrays that are sharded over processes (`--fsdp`, `--shard`, the carry of a recurrent network) are never gathered.
`state/` in a checkpoint is an OCDBT store of orbax to which every process adds its part; any number of processes can
read it, each the parts of its own devices. All processes must see the folder. A single process, and several processes
that each hold every array, need no orbax (https://orbax.readthedocs.io, the extra `multihost`).
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

import jax
import numpy as np

from ..errors import BadInput, CheckpointUnusable, RunFailed
from ..files import file_digest, sync, write_fsynced
from ..runtime.processes import allgather_json, broadcast_from_first, device_put, is_first
from ..tree import by_path, specs

__all__ = [
    "ShardedState",
    "check_finite",
    "check_orbax",
    "check_seen",
    "is_corrupting",
    "is_shard_file",
    "is_shared",
    "orbax",
    "read_full",
    "read_sharded",
]

_FOLDER = "state"
_SECONDS = 900  # that a process waits for the disk of another
_turns = count()  # equal in all processes, as they read together


class ShardedState:
    """Arrays of a checkpoint that all processes write together.

    They are copied to the host before the constructor returns, so that the next step may reuse their memory.

    Args:
        beside: Unfinished folder that the first process has made.
        state: Tree of arrays, of which each process may hold a part.
    """

    def __init__(self, beside: Path, state: Any):
        ocp = orbax()
        arrays = {name: leaf for name, leaf in by_path(state).items() if leaf.size}  # orbax has no empty arrays
        self.tree = specs(state)
        self.nbytes = sum(part.nbytes for leaf in arrays.values() for part in _parts(leaf))
        self._bad = next(
            (name for name, leaf in arrays.items() if any(is_corrupting(name, part) for part in _parts(leaf))), None
        )
        # Keys of its own for each checkpoint, as a barrier can be passed only once.
        together = _together(ocp, beside.name)
        self._writer = ocp.AsyncCheckpointer(
            ocp.PyTreeCheckpointHandler(), timeout_secs=_SECONDS, multiprocessing_options=together
        )
        self._writer.save((beside / _FOLDER).absolute(), args=ocp.args.PyTreeSave(arrays))

    def write(self, beside: Path) -> dict[str, dict]:
        """Waits for the disks and returns, in the first process, size and digest of the files of all processes.

        Raises:
            RunFailed: If a parameter is not finite, in the first process.
            TimeoutError: If another process did not write its part.
        """
        ocp = orbax()
        self._writer.close()
        reports = [beside / f".process-{process}.json" for process in range(jax.process_count())]
        own = {name: _digest_synced(beside / name) for name in _files(beside) if _writer(name) == jax.process_index()}
        text = json.dumps({"files": own, "bad": self._bad}).encode()
        write_fsynced(reports[jax.process_index()], lambda file: file.write(text))
        _barrier(ocp, f"{beside.name} proved")
        if not is_first():
            return {}
        said = [json.loads(path.read_text(encoding="utf-8")) for path in reports]
        check_finite(next((each["bad"] for each in said if each["bad"]), None))
        for path in reports:
            path.unlink()
        for folder in {(beside / name).parent for each in said for name in each["files"]}:
            sync(folder)
        return {name: found for each in said for name, found in each["files"].items()}


def read_sharded(path: Path, template: Any, shardings: Any) -> dict[str, jax.Array]:
    """Reads the arrays of a checkpoint with their shardings: each device its own part, no process all of them.

    Args:
        path: Folder of the checkpoint.
        template: Tree of objects with shape and dtype.
        shardings: Sharding of each of them.

    Raises:
        CheckpointUnusable: If orbax cannot read them.
    """
    ocp = orbax()
    kinds = specs(template)
    places = dict(zip(kinds, jax.tree.leaves(shardings), strict=True))
    wanted = {
        name: ocp.ArrayRestoreArgs(sharding=places[name], global_shape=shape, dtype=np.dtype(dtype))
        for name, (dtype, shape) in kinds.items()
    }
    return _read(ocp, path, kinds, wanted, lambda name, empty: device_put(empty, places[name]))


def read_full(path: Path, kinds: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, np.ndarray]:
    """Reads the arrays of a checkpoint in full, by path.

    Args:
        path: Folder of the checkpoint.
        kinds: Types and shapes of the arrays.

    Raises:
        CheckpointUnusable: If orbax cannot read them.
    """
    ocp = orbax()
    wanted = {name: ocp.RestoreArgs(restore_type=np.ndarray) for name in kinds}
    return _read(ocp, path, kinds, wanted, lambda _, empty: empty)


def is_shared(tree: Any) -> bool:
    """Returns whether there is an array, or a sharding of one, of which this process holds only a part."""
    each = [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, jax.Array | jax.sharding.Sharding)]
    return any(not (leaf.is_fully_addressable or leaf.is_fully_replicated) for leaf in each)


def check_orbax(shardings: Any) -> bool:
    """Returns whether processes share arrays of these shardings.

    Raises:
        BadInput: In all processes, if one of them then lacks orbax.
    """
    if not is_shared(shardings):
        return False
    missing = None
    try:
        orbax()
    except BadInput as error:
        missing = str(error)
    first = next((each for each in allgather_json(missing) if each), None)
    if first:
        raise BadInput(first)
    return True


def check_seen(folder: Path) -> None:
    """Raises BadInput, in all processes, if one of them does not see the folder of the first.

    Args:
        folder: Run folder, into which each process writes its part of the arrays.
    """
    mark = folder / broadcast_from_first(lambda: _write_mark(folder))
    blind = [number for number, sees in enumerate(allgather_json(mark.exists())) if not sees]
    if is_first():
        mark.unlink()
    if blind:
        raise BadInput(
            f"process {', '.join(map(str, blind))} of {jax.process_count()} does not see {folder} of process 0, into "
            "which each process writes its part of the arrays: name a folder that all processes see with --out, or "
            "write no checkpoints with --ckpt-every off"
        )


def orbax() -> Any:
    """Imports the package `orbax.checkpoint`.

    Raises:
        BadInput: If it is not installed.
    """
    try:
        import orbax.checkpoint
    except ImportError as error:
        raise BadInput(
            "several processes share the arrays of this run (--fsdp, --shard, or a carry), and their checkpoints need "
            f"orbax ({error}): pip install 'neural-network-zoo[multihost]', or write none with --ckpt-every off"
        ) from error
    return orbax.checkpoint


def is_shard_file(name: str) -> bool:
    """Returns whether a file name of a manifest is a plain path inside the folder of the sharded arrays."""
    path = PurePosixPath(name)
    return path.parts[:1] == (_FOLDER,) and len(path.parts) > 1 and ".." not in path.parts and str(path) == name


def is_corrupting(name: str, array: np.ndarray) -> bool:
    """Returns whether an array makes a checkpoint useless: a parameter that is not finite, unlike an optimizer's."""
    return name.startswith("fit/params") and not bool(np.isfinite(array).all())


def check_finite(bad: str | None) -> None:
    """Raises RunFailed for an array that is not finite.

    Args:
        bad: Path of the array; None if there is none.
    """
    if bad:
        raise RunFailed(f"{bad.removeprefix('fit/')} is not finite")


def _together(ocp: Any, key: str) -> Any:
    """Makes orbax's processes wait by the coordinator, not by a program on devices that are training."""
    return ocp.options.MultiprocessingOptions(active_processes=_all(), barrier_sync_key_prefix=key)


def _barrier(ocp: Any, key: str) -> None:
    ocp.multihost.get_barrier_sync_fn(processes=_all())(key=key, timeout_ms=1000 * _SECONDS)


def _all() -> set[int]:
    return set(range(jax.process_count()))


def _read(ocp: Any, path: Path, kinds: Mapping, wanted: Mapping, empty: Callable) -> dict[str, Any]:
    there = {name: np.empty(shape, np.dtype(dtype)) for name, (dtype, shape) in kinds.items() if 0 in shape}
    items = {name: jax.ShapeDtypeStruct(kinds[name][1], kinds[name][0]) for name in kinds if name not in there}
    args = ocp.args.PyTreeRestore(item=items, restore_args={name: wanted[name] for name in items})
    together = _together(ocp, f"{path.name} read {next(_turns)}")
    try:
        with ocp.Checkpointer(ocp.PyTreeCheckpointHandler(), multiprocessing_options=together) as reader:
            found = reader.restore((path / _FOLDER).absolute(), args=args)
    except (ValueError, KeyError, OSError) as error:
        raise CheckpointUnusable(f"{path / _FOLDER} cannot be read by orbax: {error}") from error
    return {name: empty(name, there[name]) if name in there else found[name] for name in kinds}


def _parts(leaf: jax.Array) -> Iterator[np.ndarray]:
    return (np.asarray(shard.data) for shard in leaf.addressable_shards)


def _files(beside: Path) -> Iterator[str]:
    return (path.relative_to(beside).as_posix() for path in (beside / _FOLDER).rglob("*") if path.is_file())


def _writer(name: str) -> int:
    """Returns the process that wrote a file, from its path; the common files of orbax belong to the first."""
    found = re.search(r"process_(\d+)(/|$)", name)
    return int(found[1]) if found else 0


def _digest_synced(path: Path) -> dict[str, Any]:
    sync(path)
    return file_digest(path)


def _write_mark(folder: Path) -> str:
    name = f".seen-by-all-{secrets.token_hex(4)}"
    (folder / name).touch()
    return name
