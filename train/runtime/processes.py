"""Several processes that run as one: how they agree, and how they read what is spread over them.

Every process runs the same program on the same numbers, each on its own devices; one of them, the first, writes and
speaks. Whatever is computed together (a step, a score, an agreement) is asked for by all, in the same order.
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
    "was asked for another run than process 0: give all the same flags but for --process; for runs that have nothing "
    "to do with one another, --distributed off"
)


def is_first() -> bool:
    """Whether this is the process that writes and speaks; of one alone it is."""
    return not jax.distributed.is_initialized() or jax.process_index() == 0


def agree(steps: int, number: int, due: bool, *, alone: bool = False) -> tuple[int, int, bool]:
    """What all processes do next, for each has a clock and signals of its own.

    Args:
        steps: that this process would take.
        number: of the signal that it was sent, 0 for none.
        due: whether it would write a checkpoint.
        alone: whether what is done is this process's own business.

    Returns:
        Steps and checkpoint as the first says, and whatever signal any of them was sent.
    """
    if alone or jax.process_count() == 1:
        return steps, number, due
    told = multihost_utils.process_allgather(np.array([steps, number, due], np.int32))
    return int(told[0, 0]), int(told[:, 1].max()), bool(told[0, 2])


def broadcast_from_first(make: Callable[[], Any]) -> Any:
    """Plain JSON values that the first process makes, in all."""
    if jax.process_count() == 1:
        return make()
    text = json.dumps(make()).encode() if is_first() else b""
    size = int(multihost_utils.broadcast_one_to_all(np.int32(len(text))))
    told = multihost_utils.broadcast_one_to_all(np.frombuffer(text.ljust(size), np.uint8))
    return json.loads(np.asarray(told).tobytes())


def allgather_json(value: Any) -> list[Any]:
    """A plain JSON value of each process, by their numbers, in all."""
    if jax.process_count() == 1:
        return [value]
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    sizes = multihost_utils.process_allgather(np.int32(len(text)))
    texts = multihost_utils.process_allgather(np.pad(text, (0, int(sizes.max()) - len(text)), constant_values=32))
    return [json.loads(each.tobytes()) for each in np.asarray(texts)]


def allgather_rows(rows: np.ndarray) -> np.ndarray:
    """The rows of all processes, one behind another, in all; of each there must be as many, of one shape and type."""
    return rows if jax.process_count() == 1 else np.asarray(multihost_utils.process_allgather(rows, tiled=True))


def check_same(what: Mapping[str, Any], wrong: str = _OTHER_RUN) -> None:
    """Raises BadInput, in every process, if they were not given the same.

    Args:
        what: was given to this one.
        wrong: what to say of one that was given something else.
    """
    if jax.process_count() == 1:
        return
    own = hashlib.sha256(json.dumps(what, sort_keys=True, default=str).encode()).digest()
    sums = multihost_utils.process_allgather(np.frombuffer(own, np.uint8))
    other = [number for number, each in enumerate(sums) if not np.array_equal(each, sums[0])]
    if other:
        raise BadInput(f"process {', '.join(map(str, other))} of {len(sums)} {wrong}")


def device_put(tree: Any, sharding: Any) -> Any:
    """Arrays that every process has in full, where the sharding says: on devices of other processes, too.

    Of what lies on the host each device is given its own part alone; no device ever holds more.

    Args:
        tree: of arrays.
        sharding: one for all, or a tree of one for each.
    """
    if jax.process_count() == 1:
        return jax.device_put(tree, sharding)
    each = jax.tree.map(lambda _: sharding, tree) if isinstance(sharding, NamedSharding) else sharding
    return jax.tree.map(_put, tree, each)


def gather(tree: Any) -> Any:
    """A tree of arrays in full, where this process can read them; they are those of the tree, not copies of them.

    What is spread over several processes is brought together array by array, in the memory of the host: all processes
    have to ask.
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
