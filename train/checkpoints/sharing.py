"""Whether processes share arrays of a run, and whether what their checkpoints then take is there."""

import secrets
from pathlib import Path
from typing import Any

import jax

from ..errors import BadInput
from ..runtime.processes import allgather_json, broadcast_from_first, is_first

__all__ = ["check_orbax", "check_seen", "is_shared", "orbax"]


def is_shared(tree: Any) -> bool:
    """Whether there is an array, or a sharding of one, of which this process holds a part alone."""
    each = [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, jax.Array | jax.sharding.Sharding)]
    return any(not (leaf.is_fully_addressable or leaf.is_fully_replicated) for leaf in each)


def check_orbax(shardings: Any) -> bool:
    """Whether processes share arrays that lie so.

    Raises:
        BadInput: in all, if one of them then lacks orbax.
    """
    if not is_shared(shardings):
        return False
    missing = None
    try:
        orbax()
    except BadInput as error:
        missing = str(error)
    told = next((each for each in allgather_json(missing) if each), None)
    if told:
        raise BadInput(told)
    return True


def check_seen(folder: Path) -> None:
    """Raises BadInput, in all processes, if one does not see the folder that the first sees.

    Args:
        folder: of the run, in which each is to write its share.
    """
    mark = folder / broadcast_from_first(lambda: _marked(folder))
    blind = [number for number, sees in enumerate(allgather_json(mark.exists())) if not sees]
    if is_first():
        mark.unlink()
    if blind:
        raise BadInput(
            f"process {', '.join(map(str, blind))} of {jax.process_count()} does not see {folder} of process 0, into "
            "which each writes its share of the arrays: name a folder that all see with --out, or write no checkpoints "
            "with --ckpt-every off"
        )


def orbax() -> Any:
    """The package `orbax.checkpoint`.

    Raises:
        BadInput: if it is not installed.
    """
    try:
        import orbax.checkpoint
    except ImportError as error:
        raise BadInput(
            "several processes share the arrays of this run (--fsdp, --shard, or a carry), and their checkpoints need "
            f"orbax ({error}): pip install 'neural-network-zoo[multihost]', or write none with --ckpt-every off"
        ) from error
    return orbax.checkpoint


def _marked(folder: Path) -> str:
    name = f".seen-by-all-{secrets.token_hex(4)}"
    (folder / name).touch()
    return name
