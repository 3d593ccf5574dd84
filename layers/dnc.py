"""Cell of a differentiable neural computer. `scan` runs it over time."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from .addressing import content_weights, interpolated, read_memory, written
from .allocation import allocation_weights, linked, preceding, used
from .cells import Cell
from .checks import check_positive
from .memory_cell import Access, memory_cell

__all__ = ["DncMemory", "dnc_cell"]


class DncMemory(NamedTuple):
    """Memory of a differentiable neural computer, and what it keeps of how it was used.

    Attributes:
        slots: (batch, word, slots).
        usage: usage of the slots (batch, slots), from 0 to 1.
        precedence: share of each slot in being the one written last (batch, slots).
        links: share to which slot i was written directly after slot j (batch, slots, slots).
        read: weights of the read heads (batch, heads, slots).
        write: weights of the write head (batch, 1, slots).
    """

    slots: jax.Array
    usage: jax.Array
    precedence: jax.Array
    links: jax.Array
    read: jax.Array
    write: jax.Array


def dnc_cell(width: int, slots: int, word: int, *, heads: int = 1, controller: str = "lstm") -> Cell:
    """Builds the cell of a differentiable neural computer (Graves, Wayne et al. 2016).

    One head writes, to slots found by their content or to free ones; read heads find slots by content, or go on to
    what was written after, or before, the slot that they read last. The carry is a `MemoryCarry` with a `DncMemory`,
    at first all zeros. No parameter depends on the number of slots; time and memory grow with its square.

    Args:
        width: units of the controller.
        slots: slots of the memory.
        word: numbers in a slot.
        heads: number of read heads.
        controller: "lstm", or "dense": a dense layer with tanh.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import dnc_cell, scan
    >>> computer, x = scan(dnc_cell(6, slots=8, word=3, heads=2)), jnp.ones((2, 5, 4))
    >>> params, state = computer.init(jax.random.key(0), x)
    >>> computer.apply(params, state, x)[0].shape
    (2, 5, 12)
    """
    name = f"dnc_cell({width})"
    for option, value in {"slots": slots, "word": word, "heads": heads}.items():
        check_positive(name, option, value)
    sizes = {
        "read_keys": (heads, word), "read_strengths": (heads,), "write_key": (1, word), "write_strength": (1,),
        "erase": (1, word), "add": (1, word), "free": (heads,), "allocate": (1,), "write": (1,), "modes": (heads, 3),
    }  # fmt: skip

    def start(batch):
        row, table = jnp.zeros((batch, slots)), jnp.zeros((batch, slots, slots))
        read, write = jnp.zeros((batch, heads, slots)), jnp.zeros((batch, 1, slots))
        return DncMemory(jnp.zeros((batch, word, slots)), row, row, table, read, write)

    def step(asked, memory):
        usage = used(memory.usage, memory.write[:, 0], memory.read, jax.nn.sigmoid(asked["free"]))
        found = content_weights(memory.slots, asked["write_key"], _strength(asked["write_strength"]))
        place = interpolated(allocation_weights(usage)[:, None], found, jax.nn.sigmoid(asked["allocate"]))
        write = jax.nn.sigmoid(asked["write"])[..., None] * place
        kept = written(memory.slots, write, jax.nn.sigmoid(asked["erase"]), asked["add"])
        links = linked(memory.links, memory.precedence, write[:, 0])
        by_content = content_weights(kept, asked["read_keys"], _strength(asked["read_strengths"]))
        ways = jnp.stack([memory.read @ links, by_content, memory.read @ jnp.swapaxes(links, 1, 2)], axis=2)
        read = jnp.sum(jax.nn.softmax(asked["modes"])[..., None] * ways, axis=2)
        after = DncMemory(kept, usage, preceding(memory.precedence, write[:, 0]), links, read, write)
        return after, read_memory(kept, read)

    return memory_cell(name, width, controller, Access(sizes, heads, word, start, step))


def _strength(z: jax.Array) -> jax.Array:
    """Computes a strength of at least 1, `1 + softplus(z)` (oneplus)."""
    return 1 + jax.nn.softplus(z)
