"""Neural Turing machine: a recurrent network with a memory that it reads and writes at places found by attention.

Paper: Graves, Wayne & Danihelka 2014, Neural Turing machines; initial values: Collier & Beel 2018, Implementing neural
Turing machines.
Command: python -m zoo.train --model ntm
Expect: at most 0.1 wrong bits in a sequence of 20 items of 8 bits to be copied, and at most 1 in one of 40.
"""

from functools import partial

import jax
import jax.numpy as jnp

from ._memory import parts, split, start
from ._recurrent import recurrent
from .layers import Cell, Layer, compose, dense, lstm_cell, sigmoid, softmax, softplus, tanh
from .layers.addressing import content_weights, interpolate, read_memory, sharpen, shift_weights, write_memory
from .layers.checks import check_positive

_EMPTY = 1e-6  # every value of the memory before the first step (Collier & Beel 2018)


def ntm(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 100,
    slots: int = 128,
    features: int = 20,
    reads: int = 1,
    writes: int = 1,
    shifts: int = 1,
) -> Layer:
    """Builds a neural Turing machine for sequences, images by rows, or tokens, with an LSTM as controller.

    Maps (batch, time, features), (batch, height, width, channels) or tokens (batch, time) to (batch, outputs).

    Args:
        outputs: number of classes, tokens or values to predict.
        each: outputs at every step (copying, tagging) instead of after the last; a `Sequence` then gives
            `Scanned(carry, y)`.
        vocabulary: number of distinct tokens of integer inputs (batch, time); 0: the inputs are not tokens.
        width: hidden units of the controller; also the size of token embeddings.
        slots: places of the memory. A sequence that has to be kept as a whole needs as many as it has steps.
        features: numbers in each place.
        reads: number of heads that read.
        writes: number of heads that write.
        shifts: places by which a head can move at a step, in either direction.

    >>> import jax, jax.numpy as jnp
    >>> model, x = ntm(8, each=True, width=16, slots=10, features=4), jnp.ones((2, 5, 9))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape
    (2, 5, 8)
    """
    sizes = {"slots": slots, "features": features, "reads": reads, "writes": writes, "shifts": shifts}
    for name, value in sizes.items():
        check_positive("ntm", name, value)
    if 2 * shifts + 1 > slots:
        raise ValueError(f"ntm: {slots} slots allow shifts of at most {(slots - 1) // 2}, got shifts={shifts}")
    return recurrent(
        "ntm",
        partial(_cell, slots, features, reads, writes, shifts),
        outputs,
        each=each,
        vocabulary=vocabulary,
        width=width,
        depth=1,
        dropout=0.0,
        recurrent_dropout=0.0,
        variational=False,
        layer_norm=False,
        remat=False,
        read="rows",
    )


def _cell(slots: int, features: int, reads: int, writes: int, shifts: int, width: int, **unused) -> Cell:
    """Builds the cell. Its carry is a dict, its `weights` those of the reading heads, then of the writing ones."""
    heads = reads + writes
    sizes = {"key": (heads, features), "strength": (heads,), "gate": (heads,), "shift": (heads, 2 * shifts + 1)}
    sizes |= {"power": (heads,), "erase": (writes, features), "add": (writes, features)}

    def wiring(call, x):
        carry, x_t = x
        seen = jnp.concatenate([x_t, carry["read"].reshape(x_t.shape[0], -1).astype(x_t.dtype)], axis=-1)
        controller, h = call("controller", (carry["controller"], seen))
        given = split(call("heads", h), sizes)
        weights = _address(carry, given)
        memory = write_memory(carry["memory"], weights[:, reads:], sigmoid(given["erase"]), tanh(given["add"]))
        read = read_memory(memory, weights[:, :reads])
        y = jnp.concatenate([h, read.reshape(h.shape[0], -1).astype(h.dtype)], axis=-1)
        return {"controller": controller, "memory": memory, "weights": weights, "read": read}, y

    first = {"read": ((reads, features), tanh), "weights": ((heads, slots), softmax)}
    core = compose(wiring, controller=lstm_cell(width), heads=dense(parts(sizes)))
    return start(core, width, first, {"memory": jnp.full((slots, features), _EMPTY)})


def _address(carry: dict, given: dict) -> jax.Array:
    """Computes the new weights of all heads (batch, heads, slots)."""
    found = content_weights(carry["memory"], tanh(given["key"]), softplus(given["strength"]))
    mixed = interpolate(carry["weights"], found, sigmoid(given["gate"]))
    return sharpen(shift_weights(mixed, softmax(given["shift"])), 1 + softplus(given["power"]))
