"""Markov chain: an n-gram model of token counts with smoothing, the baseline for neural language models.

Paper: Shannon 1948, A mathematical theory of communication; smoothing: Chen & Goodman 1998, An empirical study of
smoothing techniques for language modeling.
Command: python -m zoo.train --model markov
Chart: MC; ring of probabilistic hidden (outputs)
Expect: at most 2.4 bits per character on the last tenth of the standard library's sources, in ten seconds.
About: The probability of a token depends on the few before it alone, and is estimated by counting. Contexts that were
not seen fall back to shorter ones.
Equations: P(x_t | x_1 ... x_{t-1}) = P(x_t | x_{t-n+1} ... x_{t-1})
Limits: What lies further back than its context does not exist for it, and longer contexts are seen too rarely to be
counted: text is locally right and globally nonsense.
"""

from typing import Literal

import jax
import jax.numpy as jnp

from .layers import Layer, Scanned, Sequence, serial
from .layers.checks import check_choice, check_positive

# The n-grams are stored in sorted tables, one per length. The key of an n-gram is `row * vocabulary + token`, where row
# is the position of the n-gram without its last token in the table of the next shorter length: exact within 32 bits.
EMPTY = jnp.iinfo(jnp.int32).max  # key of an empty row; it sorts after all others


def markov(
    outputs: int,
    *,
    each: bool = True,
    vocabulary: int = 0,
    n: int = 5,
    smoothing: Literal["kneser_ney", "witten_bell"] = "kneser_ney",
    capacity: int = 262144,
) -> Layer:
    """Builds an n-gram model from tokens (batch, time) to log-probabilities (batch, time, outputs) of the next token.

    `zoo.train.trainers.counting` fills the tables; before that, all tokens are equally likely.

    Args:
        outputs: number of distinct tokens.
        each: must be true: the model predicts at every step. For a `Sequence` it returns `Scanned(carry, y)`, with a
            carry of the last n - 1 tokens, -1 before the start.
        vocabulary: number of distinct tokens; 0: the same as outputs.
        n: length of the longest n-grams; the context is n - 1 tokens.
        smoothing: interpolated smoothing method for unseen n-grams: modified Kneser-Ney or Witten-Bell.
        capacity: maximum number of n-grams stored per length; the rarest ones beyond it are dropped.

    >>> import jax, jax.numpy as jnp
    >>> model, tokens = markov(4, n=2), jnp.array([[0, 1, 2]])
    >>> params, state = model.init(jax.random.key(0), tokens)
    >>> jnp.exp(model.apply(params, state, tokens)[0][0, 0]).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    check_positive("markov", "n", n)
    check_positive("markov", "capacity", capacity)
    check_choice("markov", "smoothing", smoothing, ("kneser_ney", "witten_bell"))
    size = check_positive("markov", "outputs", vocabulary or outputs)
    if outputs != size or not each:
        raise ValueError(f"markov: expected {size} outputs, one per token, at every step; got {outputs}, each={each}")
    smoothed = {"kneser_ney": _kneser_ney, "witten_bell": _witten_bell}[smoothing]

    def init(key, x):
        _tokens(x)
        sizes = [min(size**k, capacity, (EMPTY - 1) // size) for k in range(1, n + 1)]
        counts = [{"count": jnp.zeros(s), "kinds": jnp.zeros(s), "discount": jnp.zeros(3)} for s in sizes]
        keys = [jnp.full(s, EMPTY, jnp.int32) for s in sizes]
        return {str(k): v for k, v in enumerate(counts, 1)}, {str(k): v for k, v in enumerate(keys, 1)}

    def apply(params, state, x, key=None):
        tokens, carry = _tokens(x), x.carry if isinstance(x, Sequence) else None
        before = jnp.full((tokens.shape[0], n - 1), -1, jnp.int32) if carry is None else carry
        read = jnp.concatenate([before, tokens], axis=1)

        def row(read):
            p = jnp.full((tokens.shape[1], size), 1 / size)
            for k in range(1, n + 1):
                table, keys = params[str(k)], state[str(k)]
                counts = table["kinds"] if smoothing == "kneser_ney" else table["count"]
                places = _places(state, size, read, k - 1, n)
                p = smoothed(_followers(keys, counts, places, size), table["discount"], p)
            # Unseen in every context, a token's probability may leave float32.
            return jnp.log(jnp.maximum(p, jnp.finfo(p.dtype).tiny))

        y = jax.lax.map(row, read)  # row by row: the successors of all rows at once would exceed the memory
        return (Scanned(read[:, read.shape[1] - n + 1 :], y) if isinstance(x, Sequence) else y), state

    return serial(table=Layer(init, apply))


def find(keys: jax.Array, wanted: jax.Array) -> jax.Array:
    """Returns the index of each wanted key in sorted keys, -1 for missing and negative keys."""
    place = jnp.clip(jnp.searchsorted(keys, wanted), 0, keys.size - 1)
    return jnp.where((keys[place] == wanted) & (wanted >= 0), place, -1)


def _tokens(x) -> jax.Array:
    tokens = x.x if isinstance(x, Sequence) else x
    if getattr(tokens, "ndim", 0) != 2 or not jnp.issubdtype(tokens.dtype, jnp.integer):
        raise TypeError(f"markov expects integer tokens (batch, time), got {getattr(tokens, 'dtype', tokens)}")
    return tokens


def _places(state: dict, size: int, read: jax.Array, length: int, n: int) -> jax.Array:
    """Returns the table index of the last `length` tokens at each step; 0 for length 0, -1 for unseen n-grams."""
    steps = read.size - n + 1
    place = jnp.zeros(steps, jnp.int32)
    for k in range(1, length + 1):
        token = jax.lax.dynamic_slice(read, (n - 1 - length + k,), (steps,))
        known = (place >= 0) & (token >= 0)
        place = find(state[str(k)], jnp.where(known, place * size + token, -1))
    return place


def _followers(keys: jax.Array, counts: jax.Array, places: jax.Array, size: int) -> jax.Array:
    """Returns the counts of each next token (steps, vocabulary); their keys are contiguous in the table."""
    first = jnp.searchsorted(keys, places * size)[:, None] + jnp.arange(min(size, keys.size))
    at = jnp.minimum(first, keys.size - 1)
    token = keys[at] - places[:, None] * size
    good = (first < keys.size) & (token >= 0) & (token < size) & (keys[at] != EMPTY) & (places[:, None] >= 0)
    steps = jnp.arange(places.size)[:, None]
    return jnp.zeros((places.size, size)).at[steps, jnp.where(good, token, size)].add(counts[at], mode="drop")


def _witten_bell(counts: jax.Array, discount: jax.Array, shorter: jax.Array) -> jax.Array:
    """Gives unseen tokens a weight equal to the number of distinct tokens seen in this context."""
    new = jnp.sum(counts > 0, axis=-1, keepdims=True).astype(counts.dtype)
    return _mixed(counts, new, shorter)


def _kneser_ney(counts: jax.Array, discount: jax.Array, shorter: jax.Array) -> jax.Array:
    """Subtracts a discount (for counts of 1, 2, and 3 or more) and gives its mass to the shorter context."""
    taken = jnp.where(counts > 0, discount[jnp.clip(counts, 1, 3).astype(jnp.int32) - 1], 0)
    return _mixed(counts - taken, jnp.sum(taken, axis=-1, keepdims=True), shorter)


def _mixed(counts: jax.Array, rest: jax.Array, shorter: jax.Array) -> jax.Array:
    total = jnp.sum(counts, axis=-1, keepdims=True) + rest
    return jnp.where(total > 0, (counts + rest * shorter) / jnp.where(total > 0, total, 1), shorter)
