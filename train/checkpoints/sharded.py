"""Arrays that no process has in full, on disk: each of several writes and reads its own share, by orbax.

What several processes cut between them (`--fsdp`, `--shard`, the carry of a recurrent network) is never brought
together: `state/` in a checkpoint holds what orbax makes of it, an OCDBT store to which every process adds its part,
and any number of processes reads it, each the parts that its own devices hold. All processes must see the folder. One
process, and several that each have every array, need no orbax (https://orbax.readthedocs.io, the extra `multihost`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

import jax
import numpy as np

from ..errors import CheckpointUnusable, RunFailed
from ..files import file_digest, sync, write_fsynced
from ..runtime.processes import device_put, is_first
from ..tree import by_path, specs
from .sharing import orbax

__all__ = ["Shares", "check_finite", "is_share", "read_shares", "read_whole", "useless"]

_FOLDER = "state"
_SECONDS = 900  # that one process waits for the disk of another
_turns = count()  # the same in all processes, which read together


class Shares:
    """The arrays of a checkpoint that is being written; made by all processes together.

    They are copied to the host before this returns, so that a next step may take their place.

    Args:
        beside: the folder that the first process has begun.
        state: a tree of arrays, of each of which a process may see a part.
    """

    def __init__(self, beside: Path, state: Any):
        ocp = orbax()
        arrays = {name: leaf for name, leaf in by_path(state).items() if leaf.size}  # orbax knows no empty arrays
        self.tree = specs(state)
        self.nbytes = sum(part.nbytes for leaf in arrays.values() for part in _parts(leaf))
        self._bad = next(
            (name for name, leaf in arrays.items() if any(useless(name, part) for part in _parts(leaf))), None
        )
        # Keys of its own for each checkpoint, as a barrier may be passed but once.
        together = _together(ocp, beside.name)
        self._writer = ocp.AsyncCheckpointer(
            ocp.PyTreeCheckpointHandler(), timeout_secs=_SECONDS, multiprocessing_options=together
        )
        self._writer.save((beside / _FOLDER).absolute(), args=ocp.args.PyTreeSave(arrays))

    def write(self, beside: Path) -> dict[str, dict]:
        """Waits for the disks; every process proves what it wrote, and the first gathers the proofs.

        Raises:
            RunFailed: if a parameter is no finite number, in the first process.
            TimeoutError: if another process did not write its share.
        """
        ocp = orbax()
        self._writer.close()
        told = [beside / f".process-{process}.json" for process in range(jax.process_count())]
        own = {name: _proved(beside / name) for name in _files(beside) if _writer(name) == jax.process_index()}
        text = json.dumps({"files": own, "bad": self._bad}).encode()
        write_fsynced(told[jax.process_index()], lambda file: file.write(text))
        _barrier(ocp, f"{beside.name} proved")
        if not is_first():
            return {}
        said = [json.loads(path.read_text(encoding="utf-8")) for path in told]
        check_finite(next((each["bad"] for each in said if each["bad"]), None))
        for path in told:
            path.unlink()
        for folder in {(beside / name).parent for each in said for name in each["files"]}:
            sync(folder)
        return {name: found for each in said for name, found in each["files"].items()}


def read_shares(path: Path, template: Any, shardings: Any) -> dict[str, jax.Array]:
    """The arrays of a checkpoint where they belong: each device reads its own part, and no process the whole.

    Args:
        path: the checkpoint.
        template: a tree of whatever has shape and dtype.
        shardings: where each of them shall lie.

    Raises:
        CheckpointUnusable: if orbax cannot read them.
    """
    ocp = orbax()
    kinds = specs(template)
    places = dict(zip(kinds, jax.tree.leaves(shardings), strict=True))
    wanted = {
        name: ocp.ArrayRestoreArgs(sharding=places[name], global_shape=shape, dtype=np.dtype(dtype))
        for name, (dtype, shape) in kinds.items()
    }
    return _read(ocp, path, kinds, wanted, lambda name, empty: device_put(empty, places[name]))


def read_whole(path: Path, kinds: Mapping[str, tuple[str, tuple[int, ...]]]) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint in full, by path.

    Args:
        path: the checkpoint.
        kinds: their types and shapes.

    Raises:
        CheckpointUnusable: if orbax cannot read them.
    """
    ocp = orbax()
    wanted = {name: ocp.RestoreArgs(restore_type=np.ndarray) for name in kinds}
    return _read(ocp, path, kinds, wanted, lambda _, empty: empty)


def is_share(name: str) -> bool:
    """Whether a file of a checkpoint may be called so: it lies in the folder of the shares."""
    path = PurePosixPath(name)
    return path.parts[:1] == (_FOLDER,) and len(path.parts) > 1 and ".." not in path.parts and str(path) == name


def useless(name: str, array: np.ndarray) -> bool:
    """Whether an array spoils a checkpoint: parameters must be finite; an optimizer may remember an infinite loss."""
    return name.startswith("fit/params") and not bool(np.isfinite(array).all())


def check_finite(bad: str | None) -> None:
    """Raises RunFailed if there is an array of no use.

    Args:
        bad: its path.
    """
    if bad:
        raise RunFailed(f"{bad.removeprefix('fit/')} holds what is no finite number")


def _together(ocp: Any, key: str) -> Any:
    """How orbax's processes wait for one another: by the coordinator, not by a program on devices that are training."""
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
    """The process that wrote a file, after which it or its folder is named; what orbax made of all is the first's."""
    found = re.search(r"process_(\d+)(/|$)", name)
    return int(found[1]) if found else 0


def _proved(path: Path) -> dict[str, Any]:
    sync(path)
    return file_digest(path)
