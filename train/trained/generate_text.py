"""Writing: a language model draws token after token from what it foretells, and reads what it drew."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, Sequence

__all__ = ["filter_logits", "generate_tokens"]

_CHUNK = 256  # tokens that one call of the compiled program draws


def generate_tokens(
    model: Layer,
    params: Any,
    state: Any,
    prompt: np.ndarray,
    length: int,
    key: jax.Array,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> Iterator[np.ndarray]:
    """Writes on after a prompt; gives the tokens as they come, some hundred at a time.

    Token i is drawn by `fold_in(key, i)`: the same key gives the same text, and a longer one begins like a shorter.

    Args:
        model: from `Sequence(tokens, carry=)` to `Scanned(carry, logits)`.
        params: its parameters.
        state: its state.
        prompt: one token or more, (tokens,).
        length: tokens to write.
        key: all that is random.
        temperature: divides the logits; 0 takes the likeliest token always.
        top_k: draw from the k likeliest alone; 0 from all.
        top_p: draw from the likeliest alone that together reach this share; 1 from all.

    Yields:
        Tokens, `length` in all.
    """
    first, more = _programs(model, temperature, top_k, top_p)
    loop = first(params, state, jnp.asarray(prompt, jnp.int32)[None])
    for start in range(0, length, _CHUNK):
        loop, tokens = more(params, state, loop, key, start)
        yield np.asarray(tokens)[: length - start]


def filter_logits(logits: jax.Array, temperature: float, top_k: int = 0, top_p: float = 1.0) -> jax.Array:
    """The logits to draw from: -inf for what must not be drawn. First temperature, then top-k, then top-p.

    Of equally likely tokens at the border, those with the lower numbers stay.

    Args:
        logits: (vocabulary,).
        temperature: above 0.
        top_k: how many may stay; 0: all.
        top_p: the fewest of the likeliest stay that together have this probability or more (Holtzman et al. 2020).

    >>> logits = jnp.log(jnp.array([0.1, 0.5, 0.4]))
    >>> jnp.isfinite(filter_logits(logits, 1.0, top_p=0.6)).tolist()
    [False, True, True]
    """
    logits = logits / temperature
    if not top_k and top_p >= 1:
        return logits
    order = jnp.argsort(-logits, stable=True)
    ranked = logits[order]
    if top_k:
        ranked = jnp.where(jnp.arange(ranked.size) < top_k, ranked, -jnp.inf)
    share = jax.nn.softmax(ranked)
    before = jnp.cumsum(share) - share
    keep = (before < top_p) | (jnp.arange(ranked.size) == 0)
    return jnp.zeros_like(logits).at[order].set(jnp.where(keep, ranked, -jnp.inf))


def _programs(model: Layer, temperature: float, top_k: int, top_p: float) -> tuple[Callable, Callable]:
    """Two compiled programs: one reads the prompt, one writes a chunk."""

    def read(params, state, tokens, carry=None):
        ran, _ = model.apply(params, state, Sequence(tokens, carry=carry))
        return ran.carry, ran.y[0, -1]

    def draw(logits, key):
        if temperature == 0:
            return jnp.argmax(logits)
        return jax.random.categorical(key, filter_logits(logits, temperature, top_k, top_p))

    def write(params, state, loop, key, start):
        def one(loop, i):
            carry, logits = loop
            token = draw(logits, jax.random.fold_in(key, i)).astype(jnp.int32)
            return read(params, state, token[None, None], carry), token

        return jax.lax.scan(one, loop, start + jnp.arange(_CHUNK))

    return jax.jit(read), jax.jit(write)
