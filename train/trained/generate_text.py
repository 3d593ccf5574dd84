"""Text generation: a language model samples token after token, each conditioned on those before."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, Sequence

__all__ = ["filter_logits", "generate_tokens"]

_CHUNK = 256  # tokens per call of the compiled program


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
    """Generates the continuation of a prompt, some hundred tokens at a time.

    Token i is sampled with `fold_in(key, i)`: the same key gives the same text, a longer one begins like a shorter.

    Args:
        model: model from `Sequence(tokens, carry=)` to `Scanned(carry, logits)`.
        params: parameters.
        state: state.
        prompt: one token or more, (tokens,).
        length: number of tokens to generate.
        key: PRNG key.
        temperature: divisor of the logits, at least 0; 0: always the most likely token.
        top_k: sample from the k most likely tokens only; 0: from all.
        top_p: sample from the most likely tokens only that together reach this probability; 1: from all.

    Yields:
        Tokens, `length` in all.

    Raises:
        ValueError: if the temperature is negative or not a number.
    """
    if not temperature >= 0:
        raise ValueError(f"the temperature must be a number of at least 0, got {temperature!r}")
    first, more = _programs(model, temperature, top_k, top_p)
    loop = first(params, state, jnp.asarray(prompt, jnp.int32)[None])
    for start in range(0, length, _CHUNK):
        loop, tokens = more(params, state, loop, key, start)
        yield np.asarray(tokens)[: length - start]


def filter_logits(logits: jax.Array, temperature: float, top_k: int = 0, top_p: float = 1.0) -> jax.Array:
    """Applies temperature, then top-k, then top-p: excluded tokens get the logit -inf.

    Of equally likely tokens at the threshold, those with the lower numbers are kept.

    Args:
        logits: (vocabulary,).
        temperature: above 0.
        top_k: number of tokens to keep; 0: all.
        top_p: keep the smallest set of most likely tokens with at least this probability (Holtzman et al. 2020).

    >>> logits = jnp.log(jnp.array([0.1, 0.5, 0.4]))
    >>> jnp.isfinite(filter_logits(logits, 1.0, top_p=0.6)).tolist()
    [False, True, True]
    """
    # The largest is subtracted first, as its quotient by a small temperature would be infinite. XLA rounds divisors and
    # their reciprocals to 0 below `tiny`; 0 / 0 and -inf * 0 are NaN.
    tiny = float(jnp.finfo(logits.dtype).tiny)
    divisor = min(max(temperature, tiny), 1 / tiny)
    logits = (logits - jnp.max(logits)) / divisor
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
    """Compiles two programs: one reads the prompt, one generates a chunk."""

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
