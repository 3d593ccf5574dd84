"""Builder of the models with a memory beside their controller: input to sequence, cell over time, output layer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ._recurrent import as_steps, check_tokens
from .layers import Cell, Layer, Scanned, Sequence, compose, dense, embedded, scan
from .layers.checks import check_choice, check_positive

__all__ = ["MemoryModel", "memory_model"]


class MemoryModel(NamedTuple):
    """A layer, and what it does to its memory.

    Attributes:
        init: as of any layer.
        apply: as of any layer.
        memory: `(params, state, x) -> {"read", "write", "slots"}`: the weights of the read heads and of the write heads
            at each step (batch, time, heads, slots), and the memory after the last step (batch, slots, word).
    """

    init: Callable
    apply: Callable
    memory: Callable


def memory_model(
    name: str, cell: Cell, outputs: int, *, each: bool, vocabulary: int, width: int, remat: bool, read: str
) -> MemoryModel:
    """Builds a model from a cell whose carry is a `MemoryCarry`.

    Args:
        name: name of the model, for error messages.
        cell: the cell.
        outputs: number of outputs.
        each: outputs at every step instead of after the last.
        vocabulary: number of distinct tokens; 0: the inputs are not tokens.
        width: size of token embeddings.
        remat: recomputation of everything but the carries in the backward pass.
        read: order of reading an image as a sequence.
    """
    check_positive(name, "outputs", outputs)
    check_choice(name, "read", read, ("rows", "pixels", "permuted"))
    check_tokens(name, vocabulary, outputs, tied=False)

    def body(cell: Layer, output: str) -> Layer:
        ran = scan(cell, output=output, return_carry=True, remat=remat)
        return embedded(vocabulary, width, ran) if vocabulary else ran

    def steps(x: Any) -> Sequence:
        return as_steps(x, name, bool(vocabulary), read)

    def wiring(call, x):
        ran = call("body", steps(x))
        y = call("head", ran.y)
        return Scanned(ran.carry, y) if each and isinstance(x, Sequence) else y

    model = compose(wiring, body=body(cell, "all" if each else "last"), head=dense(outputs))
    seen = compose(lambda call, x: call("body", steps(x)), body=body(_observed(cell), "all"))

    def memory(params, state, x) -> dict[str, jax.Array]:
        (carry, weights), _ = seen.apply(params, state, x)
        return {**weights, "slots": jnp.swapaxes(carry.memory.slots, 1, 2)}

    return MemoryModel(model.init, model.apply, memory)


def _observed(cell: Cell) -> Cell:
    """Builds the same cell with the weights of its heads as outputs."""

    def apply(params, state, x, key=None):
        (carry, _), state = cell.apply(params, state, x, key)
        return (carry, {"read": carry.memory.read, "write": carry.memory.write}), state

    return Cell(cell.init, apply, cell.carry)  # pyright: ignore[reportArgumentType]
