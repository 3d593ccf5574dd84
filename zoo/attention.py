"""Encoder-decoder with attention: writes a sequence from another one, each token from the part that it attends to.

Paper: Bahdanau, Cho & Bengio 2014, Neural machine translation by jointly learning to align and translate.
Command: python -m zoo.train --model attention
Chart: AN; input (features) -> gated memory (width) | gated memory (width) => gated memory (width) -> output
Expect: at least 99 % of unseen dates written without an error in the form of ISO 8601, in half a minute.
About: Instead of one vector for a whole sentence, the decoder weighs every position of the input anew for each token
that it writes. The weights show which words belong together.
Equations: e_tj = v' tanh(s_{t-1} W + h_j U); a_t = softmax(e_t); c_t = sum_j a_tj h_j
Limits: It writes token by token, and an early mistake misleads all that follow; sequences longer than those of
training are not learned.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .layers import Layer, Sequence, bidirectional, compose, dense, embed, gru_cell, softmax
from .layers.checks import check_positive
from .layers.precision import promote_float32


class Attention(NamedTuple):
    """A layer from one sequence of tokens to another, and its two halves.

    Attributes:
        init: as of any layer.
        apply: as of any layer. An input `(source, target)` gives the logits of each token of the target and of its end
            after the true ones before it, (batch, time + 1, outputs + 1); a source alone those after the most likely
            ones before it, (batch, longest, outputs + 1). The last output is the end; after it all others are unlikely.
        read: `(params, state, source) -> memory`, arrays (batch, ...).
        write: `(params, state, memory, token) -> (memory, (logits, weights))`: the next token after one (batch,), and
            the weight of each step of the source (batch, time), with the sum 1. Before the first token is the end.
        longest: most tokens that are written, the end included.
    """

    init: Callable
    apply: Callable
    read: Callable
    write: Callable
    longest: int


def attention(outputs: int, *, vocabulary: int = 0, width: int = 128, longest: int = 32) -> Attention:
    """Builds an encoder and decoder of gated recurrent units with additive attention.

    Maps tokens (batch, time), or a `Sequence` of them with lengths, to logits (batch, longest, outputs + 1).

    Args:
        outputs: number of distinct tokens to write.
        vocabulary: number of distinct tokens to read.
        width: hidden units of the decoder and of each direction of the encoder; also the size of token embeddings.
        longest: most tokens that are written for an input, the end included.

    >>> import jax, jax.numpy as jnp
    >>> model, words = attention(5, vocabulary=7, width=8, longest=4), jnp.zeros((2, 3), int)
    >>> params, state = model.init(jax.random.key(0), words)
    >>> model.apply(params, state, words)[0].shape, model.apply(params, state, (words, words))[0].shape
    ((2, 4, 6), (2, 4, 6))
    """
    if not vocabulary:
        raise ValueError("attention needs tokens to read, vocabulary= of them; other inputs have none")
    for name, value in {"outputs": outputs, "vocabulary": vocabulary, "width": width, "longest": longest}.items():
        check_positive("attention", name, value)
    encoder, cell = _encoder(vocabulary, width), _decoder(outputs + 1, width)

    def read(params, state, source):
        return encoder.apply(params["encoder"], {}, _parts(source)[0])[0]

    def write(params, state, memory, token):
        return cell.apply(params["decoder"], {}, (memory, token))[0]

    def init(key, x):
        source, target = _parts(x)
        _check_length(target, longest)
        ours, _ = encoder.init(jax.random.fold_in(key, 0), source)
        memory, _ = jax.eval_shape(encoder.apply, ours, {}, source)
        memory = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), memory)
        token = jnp.zeros(source.x.shape[:1], jnp.int32)
        return {"encoder": ours, "decoder": cell.init(jax.random.fold_in(key, 1), (memory, token))[0]}, {}

    def apply(params, state, x, key=None):
        source, target = _parts(x)
        _check_length(target, longest)
        memory = read(params, state, source)

        def move(hidden, token):
            new, (logits, _) = write(params, state, memory | {"state": hidden}, token)
            return new["state"], logits

        if target is None:
            return _greedy(memory["state"], move, outputs, longest), state
        _, logits = jax.lax.scan(move, memory["state"], _before(target, outputs).T)
        return jnp.swapaxes(logits, 0, 1), state

    return Attention(init, apply, read, write, longest)


def _encoder(vocabulary: int, width: int) -> Layer:
    def wiring(call, source):
        ran = call("body", source._replace(x=call("embed", source.x)))
        there = jnp.ones(source.x.shape, bool)
        if source.lengths is not None:
            there = jnp.arange(source.x.shape[1]) < source.lengths[:, None]
        last = ran.carry[1].astype(ran.y.dtype)  # of the backward direction, which has read everything
        first = promote_float32(jnp.tanh(call("first", last)))
        return {"values": ran.y, "keys": call("keys", ran.y), "there": there, "state": first}

    both = bidirectional(gru_cell(width), return_carry=True)
    return compose(wiring, embed=embed(vocabulary, width), body=both, keys=dense(width), first=dense(width))


def _decoder(tokens: int, width: int) -> Layer:
    """Builds a cell from `(memory, token)` to `(memory, (logits of the next one, weights))`."""

    def wiring(call, x):
        memory, token = x
        keys, kind = memory["keys"], memory["keys"].dtype
        # In float32, as the gradient of the query is the sum over the steps.
        query = promote_float32(call("query", memory["state"].astype(kind)))
        seen = jnp.tanh(query[:, None] + promote_float32(keys))
        scores = call("score", seen.astype(kind))[..., 0]
        weights = softmax(jnp.where(memory["there"], scores, jnp.finfo(scores.dtype).min))
        found = jnp.einsum("bt,btf->bf", weights, memory["values"])
        word = call("embed", token)
        state, _ = call("gru", (memory["state"], jnp.concatenate([word, found], axis=-1)))
        hidden = jnp.tanh(call("hidden", jnp.concatenate([state.astype(kind), found, word], axis=-1)))
        return memory | {"state": state}, (call("head", hidden), weights)

    return compose(
        wiring,
        embed=embed(tokens, width),
        query=dense(width, bias=False),
        score=dense(1, bias=False),
        gru=gru_cell(width),
        hidden=dense(width),
        head=dense(tokens),
    )


def _parts(x: Any) -> tuple[Sequence, Any]:
    """Returns source and target of an input; None if there is no target."""
    sequence = x if isinstance(x, Sequence) else Sequence(x)
    source, target = sequence.x if isinstance(sequence.x, tuple) else (sequence.x, None)
    return sequence._replace(x=source), target


def _check_length(target: Any, longest: int) -> None:
    if target is not None and target.shape[1] >= longest:
        raise ValueError(
            f"attention writes at most {longest} tokens, the end included; the targets have up to {target.shape[1]} "
            f"without it: set longest={target.shape[1] + 1} (--m.longest) or more"
        )


def _before(target: jax.Array, end: int) -> jax.Array:
    """Returns the token before each of a target and its end: `end` before the first, and in place of padding (-1)."""
    target = jnp.asarray(target)
    first = jnp.full((target.shape[0], 1), end, jnp.int32)
    return jnp.concatenate([first, jnp.where(target < 0, end, target)], axis=1)


def _greedy(state: jax.Array, move: Callable, end: int, longest: int) -> jax.Array:
    """Writes the most likely token, step by step; after the end comes the end with certainty."""
    certain = jnp.full(end + 1, -1e9).at[end].set(0.0)

    def step(loop, _):
        state, token, done = loop
        state, logits = move(state, token)
        logits = jnp.where(done[:, None], certain.astype(logits.dtype), logits)
        token = jnp.argmax(logits, axis=-1).astype(jnp.int32)
        return (state, token, done | (token == end)), logits

    start = jnp.full_like(state[:, 0], end, jnp.int32), jnp.zeros_like(state[:, 0], bool)
    return jnp.swapaxes(jax.lax.scan(step, (state, *start), length=longest)[1], 0, 1)
