"""Multi-head self-attention (Vaswani et al. 2017, Attention is all you need), over all steps or those before."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from .attend import attended
from .base import Layer
from .checks import check_choice, check_positive, check_rank
from .combine import compose
from .dense import dense
from .initializers import Initializer, glorot_uniform
from .positions import rotate
from .sequence import Scanned, Sequence, as_sequence, batch_and_time, choose, valid_steps

__all__ = ["attention"]


def attention(
    width: int,
    heads: int,
    *,
    context: int | None = None,
    rotary: bool = False,
    give: str = "outputs",
    init: Initializer = glorot_uniform(),  # noqa: B008
) -> Layer:
    """Builds self-attention: (batch, time, features), or a `Sequence` with lengths or carry, to (batch, time, width).

    With `context` it is causal, and in parts gives what it gives for the whole: the carry holds the keys and values of
    the last `context` steps, as `{"key", "value", "read"}`. Time and memory then grow with the length of a sequence,
    not with its square. Steps beyond the length of a row are not attended to and return zeros.

    Args:
        width: output features, and those of all heads together.
        heads: number of heads.
        context: number of steps that a step attends to, itself and those before it; None: all steps of the sequence.
        rotary: positions by rotation of queries and keys; else the features of x have to carry them.
        give: "outputs"; "carry" for `Scanned(carry, y)`; or "weights" for `Scanned(weights, y)` with the attention of
            each head (batch, heads, time, time), for pictures.
        init: initializer of the output weights.

    Raises:
        ValueError: if heads do not divide the width, or a carry is given or requested without a context.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import attention
    >>> layer, x = attention(8, 2, context=4), jnp.ones((2, 5, 3))
    >>> params, state = layer.init(jax.random.key(0), x)
    >>> jax.tree.map(jnp.shape, params)["qkv"], layer.apply(params, state, x)[0].shape
    ({'b': (24,), 'w': (3, 24)}, (2, 5, 8))
    """
    name = f"attention({width}, {heads})"
    check_positive("attention", "width", width)
    check_positive("attention", "heads", heads)
    if width % heads:
        raise ValueError(f"{name}: the heads must divide the width")
    if rotary and width // heads % 2:
        raise ValueError(f"{name}: rotary positions turn pairs of features, got {width // heads} features in a head")
    if context is not None:
        check_positive(name, "context", context)
    check_choice(name, "give", give, ("outputs", "carry", "weights"))
    if give == "carry" and context is None:
        raise ValueError(f"{name} has no carry, as it attends to all steps; use context= for a causal model")

    return compose(
        partial(_wiring, name, heads, context, rotary, give), qkv=dense(3 * width), out=dense(width, init=init)
    )


def _wiring(name: str, heads: int, context: int | None, rotary: bool, give: str, call: Callable, x: Any) -> Any:
    sequence, carry = as_sequence(x), None
    check_rank(name, 3, sequence.x, "(batch, time, features)")
    batch, time = batch_and_time(sequence, name)
    if context is None and sequence.carry is not None:
        raise ValueError(f"{name} has no carry, as it attends to all steps; use context= for a causal model")
    valid = valid_steps(sequence, name)
    there = None if valid is None else valid.T
    steps = sequence.x if there is None else choose(there, sequence.x, jnp.zeros_like(sequence.x))
    # Columns by head, so that a split of the columns over devices is one of the heads.
    qkv = call("qkv", steps)
    qkv = qkv.reshape(batch, time, heads, 3, qkv.shape[-1] // heads // 3)
    q, k, v = (jnp.swapaxes(qkv[:, :, :, i], 1, 2) for i in range(3))
    valid = there
    if context is not None and (give == "carry" or sequence.carry is not None):
        k, v, valid, carry = _continued(sequence, k, v, context)
    q, k = (rotate(q, k.shape[2] - time), rotate(k)) if rotary else (q, k)
    y, weights = attended(q, k, v, valid, context, give == "weights")
    y = call("out", jnp.swapaxes(y, 1, 2).reshape(batch, time, q.shape[1] * q.shape[3]))
    y = y if there is None else choose(there, y, jnp.zeros_like(y))
    return y if give == "outputs" else Scanned(carry if give == "carry" else weights, y)


def _continued(sequence: Sequence, k: jax.Array, v: jax.Array, context: int) -> tuple:
    """Returns keys, values and their validity with those of the carry before them, and the new carry."""
    time, before = k.shape[2], sequence.carry
    lengths = jnp.full(k.shape[0], time, jnp.int32) if sequence.lengths is None else sequence.lengths
    if before is None:  # the steps are all that there is to attend to
        valid = None if sequence.lengths is None else jnp.arange(time) < lengths[:, None]
        kept = [jnp.pad(each, ((0, 0), (0, 0), (context, 0), (0, 0))) for each in (k, v)]
        read = lengths
    else:
        old = before["key"], before["value"]
        kept = k, v = [jnp.concatenate([a.astype(b.dtype), b], 2) for a, b in zip(old, (k, v), strict=True)]
        place = jnp.arange(context + time)
        valid = (place >= context - before["read"][:, None]) & (place < context + lengths[:, None])
        read = before["read"] + lengths
    if sequence.lengths is None:
        last = [each[:, :, time:] for each in kept]
    else:
        rows = (lengths[:, None] + jnp.arange(context))[:, None, :, None]
        last = [jnp.take_along_axis(each, rows, axis=2) for each in kept]
    return k, v, valid, dict(zip(("key", "value"), last, strict=True)) | {"read": read}
