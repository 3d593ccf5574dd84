"""Communication between the processes of one run: agreement, broadcast, gathering of arrays.

Every process runs the same program on the same values, each on its own devices; the first one writes files and prints.
Every collective operation (a step, an evaluation, an agreement) must be called by all processes in the same order.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding, PartitionSpec

from ..errors import BadInput

__all__ = [
    "agree",
    "allgather_json",
    "allgather_rows",
    "broadcast_from_first",
    "check_same",
    "device_put",
    "gather",
    "is_first",
]

_OTHER_RUN = (
    "was started with other flags than process 0: start all processes with the same flags but for --process; "
    "for independent runs, use --distributed off"
)


def is_first() -> bool:
    """Returns whether this process writes files and prints; a single process does."""
    return not jax.distributed.is_initialized() or jax.process_index() == 0


def agree(steps: int, number: int, due: bool, *, alone: bool = False) -> tuple[int, int, bool]:
    """Agrees on the next action of all processes, as each has a clock and signals of its own.

    Args:
        steps: Steps that this process would run.
        number: Number of the signal that it received, 0 for none.
        due: Whether it would write a checkpoint.
        alone: Whether this process runs on its own.

    Returns:
        Steps and checkpoint of the first process, and the signal that any of them received.
    """
    if alone or jax.process_count() == 1:
        return steps, number, due
    rows = multihost_utils.process_allgather(np.array([steps, number, due], np.int32))
    return int(rows[0, 0]), int(rows[:, 1].max()), bool(rows[0, 2])


def broadcast_from_first(make: Callable[[], Any]) -> Any:
    """Calls `make` in the first process and returns its plain JSON values in all processes."""
    if jax.process_count() == 1:
        return make()
    text = json.dumps(make()).encode() if is_first() else b""
    size = int(multihost_utils.broadcast_one_to_all(np.int32(len(text))))
    received = multihost_utils.broadcast_one_to_all(np.frombuffer(text.ljust(size), np.uint8))
    return json.loads(np.asarray(received).tobytes())


def allgather_json(value: Any) -> list[Any]:
    """Returns, in all processes, the plain JSON value of each, in the order of the processes."""
    if jax.process_count() == 1:
        return [value]
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    sizes = multihost_utils.process_allgather(np.int32(len(text)))
    texts = multihost_utils.process_allgather(np.pad(text, (0, int(sizes.max()) - len(text)), constant_values=32))
    return [json.loads(each.tobytes()) for each in np.asarray(texts)]


def allgather_rows(rows: np.ndarray) -> np.ndarray:
    """Concatenates, in all processes, the rows of each; all must have the same number, shape and type."""
    return rows if jax.process_count() == 1 else np.asarray(multihost_utils.process_allgather(rows, tiled=True))


def check_same(what: Mapping[str, Any], wrong: str = _OTHER_RUN) -> None:
    """Raises BadInput, in every process, if their values differ.

    Args:
        what: Values of this process.
        wrong: Predicate of the error message, whose subject are the processes that differ from the first.
    """
    if jax.process_count() == 1:
        return
    own = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).digest()
    sums = multihost_utils.process_allgather(np.frombuffer(own, np.uint8))
    other = [number for number, each in enumerate(sums) if not np.array_equal(each, sums[0])]
    if other:
        raise BadInput(f"process {', '.join(map(str, other))} of {len(sums)} {wrong}")


def device_put(tree: Any, sharding: Any) -> Any:
    """Places arrays that every process holds in full, also on devices of other processes.

    Each device receives only its own part of an array on the host.

    Args:
        tree: Tree of arrays.
        sharding: One sharding for all, or a tree of shardings.
    """
    if jax.process_count() == 1:
        return jax.device_put(tree, sharding)
    each = jax.tree.map(lambda _: sharding, tree) if isinstance(sharding, NamedSharding) else sharding
    return jax.tree.map(_put, tree, each)


def gather(tree: Any) -> Any:
    """Returns a tree of arrays that this process can read in full; arrays are not copied where they need not be.

    An array that is sharded over several processes is gathered on the host, one at a time: all processes must call it.
    """
    return jax.tree.map(_readable, tree)


def _put(leaf: Any, sharding: NamedSharding) -> jax.Array:
    if isinstance(leaf, jax.Array) and leaf.sharding == sharding:
        return leaf
    if isinstance(leaf, jax.Array) and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_put(jax.random.key_data(leaf), sharding), impl=jax.random.key_impl(leaf))
    whole = np.asarray(_readable(leaf))
    return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])


def _readable(leaf: Any) -> Any:
    if not isinstance(leaf, jax.Array) or leaf.is_fully_addressable:
        return leaf
    if leaf.is_fully_replicated:
        return leaf.addressable_data(0)
    assert isinstance(leaf.sharding, NamedSharding)
    return np.asarray(jax.jit(_same, out_shardings=NamedSharding(leaf.sharding.mesh, PartitionSpec()))(leaf))


def _same(leaf: Any) -> Any:
    return leaf
