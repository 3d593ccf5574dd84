"""Beam search: the most likely sequences that a model writes, found by keeping the best few beginnings."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Written", "beam_search", "compiled_search"]

_NEVER = -1e30  # log-probability of what is not written


class Written(NamedTuple):
    """Sequences, the most likely first.

    Attributes:
        tokens: (batch, beams, longest); from the end on, the number of the end.
        log_probability: in nats (batch, beams).
        weights: attention of each token (batch, beams, longest, time) to the steps of the source.
    """

    tokens: jax.Array
    log_probability: jax.Array
    weights: jax.Array


def beam_search(model: Any, params: Any, state: Any, source: Any, end: int, beams: int = 1) -> Written:
    """Writes a sequence for each source.

    Args:
        model: model with `read`, `write` and `longest`, such as `zoo.attention`.
        params: its parameters.
        state: its state.
        source: tokens (batch, time), or a `Sequence` of them with lengths.
        end: number of the token that ends a sequence, and that comes before the first one.
        beams: number of beginnings that are kept at each step; 1: the most likely next token each time.
    """
    memory = model.read(params, state, source)
    batch = len(jax.tree.leaves(memory)[0])
    memory = jax.tree.map(lambda leaf: jnp.repeat(leaf, beams, axis=0), memory)
    # All beginnings are the same at first, so that only one may count.
    score = jnp.broadcast_to(jnp.where(jnp.arange(beams) == 0, 0.0, _NEVER), (batch, beams))
    start = memory, jnp.full((batch, beams), end, jnp.int32), score, jnp.zeros((batch, beams), bool)

    def step(loop, _):
        memory, token, score, done = loop
        memory, (logits, weights) = model.write(params, state, memory, token.reshape(-1))
        each = jax.nn.log_softmax(logits).reshape(batch, beams, -1)
        each = jnp.where(done[..., None], jnp.where(jnp.arange(each.shape[-1]) == end, 0.0, _NEVER), each)
        score, best = jax.lax.top_k((score[..., None] + each).reshape(batch, -1), beams)
        parent, token = best // each.shape[-1], (best % each.shape[-1]).astype(jnp.int32)
        rows = (jnp.arange(batch)[:, None] * beams + parent).reshape(-1)
        memory = jax.tree.map(lambda leaf: leaf[rows], memory)
        done = jnp.take_along_axis(done, parent, axis=1) | (token == end)
        return (memory, token, score, done), (token, parent, weights[rows].reshape(batch, beams, -1))

    (_, _, score, _), (tokens, parents, weights) = jax.lax.scan(step, start, length=model.longest)
    tokens, weights = _followed(tokens, parents, weights)
    return Written(tokens, score, weights)


compiled_search = jax.jit(beam_search, static_argnames=("model", "end", "beams"))
"""`beam_search` as a compiled program, one for each model and shape of the sources."""


def _followed(tokens: jax.Array, parents: jax.Array, weights: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Follows each sequence back from its end, as the beginnings change places."""

    def back(place, each):
        token, parent, weight = each
        own = jnp.take_along_axis(token, place, axis=1), jnp.take_along_axis(weight, place[..., None], axis=1)
        return jnp.take_along_axis(parent, place, axis=1), own

    last = jnp.broadcast_to(jnp.arange(tokens.shape[2]), tokens.shape[1:])
    _, (tokens, weights) = jax.lax.scan(back, last, (tokens, parents, weights), reverse=True)
    return jnp.moveaxis(tokens, 0, 2), jnp.moveaxis(weights, 0, 2)
