"""Differentiable neural computer: a network whose memory allocates free slots and remembers the order of writing.

Paper: Graves et al. 2016, Hybrid computing using a neural network with dynamic external memory.
Command: python -m zoo.train --model dnc
Expect: at least 98 % of the bits of sequences of 1 to 20 items to be copied.
"""

from functools import partial

import jax
import jax.numpy as jnp

from ._memory import parts, split, start
from ._recurrent import recurrent
from .layers import Cell, Layer, compose, dense, lstm_cell, sigmoid, softmax, softplus
from .layers.addressing import content_weights, read_memory, write_memory
from .layers.allocation import allocate, follow_links, update_links, update_precedence, update_usage
from .layers.checks import check_positive


def dnc(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 64,
    slots: int = 32,
    features: int = 16,
    reads: int = 1,
) -> Layer:
    """Builds a differentiable neural computer for sequences, images by rows, or tokens, with an LSTM as controller.

    Maps (batch, time, features), (batch, height, width, channels) or tokens (batch, time) to (batch, outputs).

    Args:
        outputs: number of classes, tokens or values to predict.
        each: outputs at every step (copying, tagging) instead of after the last; a `Sequence` then gives
            `Scanned(carry, y)`.
        vocabulary: number of distinct tokens of integer inputs (batch, time); 0: the inputs are not tokens.
        width: hidden units of the controller; also the size of token embeddings.
        slots: places of the memory. Time and memory grow with their square.
        features: numbers in each place.
        reads: number of heads that read; one writes.

    >>> import jax, jax.numpy as jnp
    >>> model, x = dnc(8, each=True, width=16, slots=10, features=4), jnp.ones((2, 5, 9))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape
    (2, 5, 8)
    """
    for name, value in {"slots": slots, "features": features, "reads": reads}.items():
        check_positive("dnc", name, value)
    return recurrent(
        "dnc",
        partial(_cell, slots, features, reads),
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


def _cell(slots: int, features: int, reads: int, width: int, **unused) -> Cell:
    """Builds the cell. Its carry is a dict, the weights in it those of the reading heads, then of the writing one."""
    sizes = {"key": (reads + 1, features), "strength": (reads + 1,), "erase": (1, features), "add": (1, features)}
    sizes |= {"free": (reads,), "allocate": (1,), "write": (1,), "modes": (reads, 3)}

    def wiring(call, x):
        carry, x_t = x
        seen = jnp.concatenate([x_t, carry["read"].reshape(x_t.shape[0], -1).astype(x_t.dtype)], axis=-1)
        controller, h = call("controller", (carry["controller"], seen))
        moved = _access(carry, split(call("interface", h), sizes), reads)
        y = jnp.concatenate([h, moved["read"].reshape(h.shape[0], -1).astype(h.dtype)], axis=-1)
        return moved | {"controller": controller}, y

    empty = {"memory": (slots, features), "weights": (reads + 1, slots), "read": (reads, features)}
    empty |= {"usage": (slots,), "precedence": (slots,), "links": (slots, slots)}
    core = compose(wiring, controller=lstm_cell(width), interface=dense(parts(sizes)))
    return start(core, width, {}, {name: jnp.zeros(shape) for name, shape in empty.items()})


def _access(carry: dict, given: dict, reads: int) -> dict:
    """Writes to the memory and reads from it, as the interface of the controller says; returns the new carry."""
    before, last = carry["weights"][:, :reads], carry["weights"][:, reads]
    strength = 1 + softplus(given["strength"])
    usage = update_usage(carry["usage"], last, before, sigmoid(given["free"]))
    found = content_weights(carry["memory"], given["key"][:, reads:], strength[:, reads:])[:, 0]
    gate = sigmoid(given["allocate"])
    write = sigmoid(given["write"]) * (gate * allocate(usage) + (1 - gate) * found)
    memory = write_memory(carry["memory"], write[:, None], sigmoid(given["erase"]), given["add"])
    links = update_links(carry["links"], carry["precedence"], write)
    ways = _ways(memory, links, before, given["key"][:, :reads], strength[:, :reads])
    read = jnp.einsum("bhm,bmhn->bhn", softmax(given["modes"]), ways)
    return {
        "memory": memory,
        "weights": jnp.concatenate([read, write[:, None]], axis=1),
        "read": read_memory(memory, read),
        "usage": usage,
        "precedence": update_precedence(carry["precedence"], write),
        "links": links,
    }


def _ways(memory: jax.Array, links: jax.Array, before: jax.Array, key: jax.Array, strength: jax.Array) -> jax.Array:
    """Returns the weights of the three modes of reading: backward in time, by content, forward."""
    after, earlier = follow_links(links, before)
    return jnp.stack([earlier, content_weights(memory, key, strength), after], axis=1)
