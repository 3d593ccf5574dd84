"""Neural Turing machine: a recurrent controller that reads and writes the slots of a memory by weights.

Paper: Graves, Wayne & Danihelka 2014, Neural Turing machines; memory of a small constant at first: Collier & Beel 2018,
Implementing neural Turing machines.
Command: python -m zoo.train --model ntm
Chart: NTM; input (features) -> recurrent (width) with memory (slots) -> output
Expect: at most 0.1 wrong bits in a sequence of 1 to 20 items of 8 bits, to be repeated after its end, in minutes.
About: The memory has its own size, and is found by content or by moving from slot to slot. So a copy that was learned
on short sequences works on longer ones, where an LSTM fails.
Equations: w_c = softmax(b cos(k, M)); w_g = g w_c + (1 - g) w_{t-1}; w_s = w_g * s; w = w_s^p / sum(w_s^p); M = M
(1 - w e') + w a'; r = w M
Limits: It is slow, as every step touches the whole memory, and some seeds learn late. Written slots are not freed:
what is still needed may be overwritten (see dnc).
"""

from typing import Literal

from ._memory import MemoryModel, memory_model
from .layers import ntm_cell


def ntm(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 100,
    slots: int = 128,
    word: int = 20,
    heads: int = 1,
    shift: int = 1,
    controller: Literal["lstm", "dense"] = "lstm",
    remat: bool = False,
    read: Literal["rows", "pixels", "permuted"] = "rows",
) -> MemoryModel:
    """Builds a neural Turing machine for sequences, images or tokens.

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
        heads: number of read heads, and of write heads.
        shift: most slots that a head moves in a step, in either direction.
        controller: lstm, or dense: a dense layer with tanh, which remembers nothing itself.
        remat: recomputation of activations in the backward pass, for long sequences: less memory, more time.
        read: order of reading an image as a sequence (permuted: pixels in a fixed random order).

    >>> import jax, jax.numpy as jnp
    >>> model, x = ntm(8, each=True, width=16, slots=12), jnp.ones((2, 7, 10))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, model.memory(params, state, x)["write"].shape
    ((2, 7, 8), (2, 7, 1, 12))
    """
    cell = ntm_cell(width, slots, word, heads=heads, shift=shift, controller=controller)
    return memory_model("ntm", cell, outputs, each=each, vocabulary=vocabulary, width=width, remat=remat, read=read)
