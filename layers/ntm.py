"""Cell of a neural Turing machine. `scan` runs it over time."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .addressing import content_weights, interpolated, read_memory, sharpened, shifted, written
from .cells import Cell
from .checks import check_positive, is_integer
from .memory_cell import Access, memory_cell

__all__ = ["NtmMemory", "ntm_cell"]

_EMPTY = 1e-6  # each number of the memory at first (Collier and Beel 2018)


class NtmMemory(NamedTuple):
    """Memory of a neural Turing machine and where its heads are.

    Attributes:
        slots: (batch, word, slots).
        read: weights of the read heads (batch, heads, slots).
        write: weights of the write heads (batch, heads, slots).
    """

    slots: jax.Array
    read: jax.Array
    write: jax.Array


def ntm_cell(width: int, slots: int, word: int, *, heads: int = 1, shift: int = 1, controller: str = "lstm") -> Cell:
    """Builds the cell of a neural Turing machine (Graves, Wayne and Danihelka 2014).

    Each head weighs the slots by content, mixes these weights with its last ones, shifts and sharpens them. The carry
    is a `MemoryCarry` with an `NtmMemory`; all heads begin at the first slot of a memory of 1e-6 (Collier and Beel
    2018). No parameter depends on the number of slots.

    Args:
        width: units of the controller.
        slots: slots of the memory.
        word: numbers in a slot.
        heads: number of read heads, and of write heads.
        shift: most slots that a head moves in a step, in either direction.
        controller: "lstm", or "dense": a dense layer with tanh.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import ntm_cell, scan
    >>> machine, x = scan(ntm_cell(6, slots=8, word=3)), jnp.ones((2, 5, 4))
    >>> params, state = machine.init(jax.random.key(0), x)
    >>> machine.apply(params, state, x)[0].shape
    (2, 5, 9)
    """
    name = f"ntm_cell({width})"
    for option, value in {"slots": slots, "word": word, "heads": heads}.items():
        check_positive(name, option, value)
    if not is_integer(shift, 0) or 2 * shift + 1 > slots:
        raise ValueError(
            f"{name}: shift must be an integer from 0, and 2 shift + 1 at most {slots} slots, got {shift!r}"
        )
    both = 2 * heads
    sizes = {
        "keys": (both, word), "shifts": (both, 2 * shift + 1), "strengths": (both,), "gates": (both,),
        "powers": (both,), "erase": (heads, word), "add": (heads, word),
    }  # fmt: skip

    def start(batch):
        first = jnp.broadcast_to(jax.nn.one_hot(0, slots), (batch, heads, slots))
        return NtmMemory(jnp.full((batch, word, slots), _EMPTY), first, first)

    def step(asked, memory):
        before = jnp.concatenate([memory.read, memory.write], axis=1)
        found = content_weights(memory.slots, asked["keys"], jax.nn.softplus(asked["strengths"]))
        mixed = interpolated(found, before, jax.nn.sigmoid(asked["gates"]))
        moved = shifted(mixed, jax.nn.softmax(asked["shifts"]))
        read, write = jnp.split(sharpened(moved, 1 + jax.nn.softplus(asked["powers"])), 2, axis=1)
        kept = written(memory.slots, write, jax.nn.sigmoid(asked["erase"]), asked["add"])
        return NtmMemory(kept, read, write), read_memory(kept, read)

    return memory_cell(name, width, controller, Access(sizes, heads, word, start, step))
