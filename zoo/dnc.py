"""Differentiable neural computer: a recurrent controller with a memory that allocates slots and keeps their order.

Paper: Graves, Wayne et al. 2016, Hybrid computing using a neural network with dynamic external memory.
Command: python -m zoo.train --model dnc
Chart: DNC; input (features) -> memory (width) with memory (slots) -> output
Expect: at least 98 % of the bits right in sequences of 1 to 10 items of 8 bits, to be repeated after their end, in
minutes.
About: Free slots are found by their usage, and links hold which slot was written after which. So it reads again in the
order of writing, wherever the slots lie, and reuses what it has freed.
Equations: u = (u + w - u w) prod(1 - f r); a_j = (1 - u_j) prod(u of freer slots); w = g (h a + (1 - h) c); L_ij = (1 -
w_i - w_j) L_ij + w_i p_j; r = m_1 L' r + m_2 c + m_3 L r
Limits: The links of all pairs of slots cost time and memory by the square of the number of slots.
"""

from typing import Literal

from ._memory import MemoryModel, memory_model
from .layers import dnc_cell


def dnc(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 64,
    slots: int = 16,
    word: int = 16,
    heads: int = 1,
    controller: Literal["lstm", "dense"] = "lstm",
    remat: bool = False,
    read: Literal["rows", "pixels", "permuted"] = "rows",
) -> MemoryModel:
    """Builds a differentiable neural computer for sequences, images or tokens.

    Maps (batch, time, features), (batch, height, width, channels) or tokens (batch, time) to (batch, outputs). No
    parameter depends on the number of slots: it may be another one for longer sequences.

    Args:
        outputs: number of classes, tokens or values to predict.
        each: outputs at every step (tagging, language modelling, bits) instead of after the last; a `Sequence` then
            gives `Scanned(carry, y)`.
        vocabulary: number of distinct tokens of integer inputs (batch, time); 0: the inputs are not tokens.
        width: hidden units of the controller; also the size of token embeddings.
        slots: slots of the memory.
        word: numbers in a slot.
        heads: number of read heads; one head writes.
        controller: lstm, or dense: a dense layer with tanh, which remembers nothing itself.
        remat: recomputation of activations in the backward pass, for long sequences: less memory, more time.
        read: order of reading an image as a sequence (permuted: pixels in a fixed random order).

    >>> import jax, jax.numpy as jnp
    >>> model, x = dnc(8, each=True, heads=2), jnp.ones((2, 7, 10))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, model.memory(params, state, x)["read"].shape
    ((2, 7, 8), (2, 7, 2, 16))
    """
    cell = dnc_cell(width, slots, word, heads=heads, controller=controller)
    return memory_model("dnc", cell, outputs, each=each, vocabulary=vocabulary, width=width, remat=remat, read=read)
