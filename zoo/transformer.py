"""Transformer: every step attends to all steps of a sequence, or to those before it, and is computed at once.

Paper: Vaswani et al. 2017, Attention is all you need; pre-norm and GELU: Radford et al. 2019; patches of images:
Dosovitskiy et al. 2020, An image is worth 16x16 words; rotary positions: Su et al. 2021; keys and values carried from
window to window: Dai et al. 2019, Transformer-XL.
Command: python -m zoo.train --model transformer
Chart: kin of AN; input -> hidden (width) => hidden (width) x depth -> output
Expect: at least 97 % on the held-out fifth of digits, read in patches of 2x2 pixels, in half a minute.
About: Nothing recurs: each step computes queries, and reads from the steps whose keys match them. All steps of a
sequence are trained at once.
Equations: attention(Q, K, V) = softmax(Q K' / sqrt(d)) V; x += attention(norm(x)); x += mlp(norm(x))
Limits: Time and memory grow with the square of the length, and with little data it needs more help than a CNN or
LSTM, as it assumes nothing about neighbours.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp

from .layers import (
    Layer,
    Scanned,
    Sequence,
    attention,
    compose,
    dense,
    embed,
    full_precision,
    gelu,
    layer_norm,
    learned_positions,
    serial,
    sinusoidal_positions,
    stacked,
)
from .layers import dropout as dropped
from .layers.checks import check_choice, check_positive, check_rate
from .layers.initializers import variance_scaling
from .layers.precision import promote_float32


class Transformer(NamedTuple):
    """A layer, and what it attended to.

    Attributes:
        init: as of any layer.
        apply: as of any layer.
        attention: `(params, state, x) -> weights` of each block, (batch, heads, time, time), where a row sums to 1.
    """

    init: Callable
    apply: Callable
    attention: Callable


def transformer(
    outputs: int,
    *,
    each: bool = False,
    vocabulary: int = 0,
    width: int = 64,
    depth: int = 2,
    heads: int = 4,
    causal: bool = False,
    context: int = 128,
    positions: Literal["rotary", "learned", "sinusoidal"] = "rotary",
    dropout: float = 0.0,
    patch: int = 2,
) -> Transformer:
    """Builds a transformer for sequences, tokens or images: an encoder, or with `causal` a decoder.

    Maps (batch, time, features), (batch, height, width, channels) or tokens (batch, time) to (batch, outputs), from
    the mean over all steps, or with `causal` from the last one.

    Args:
        outputs: number of classes, tokens or values to predict.
        each: outputs at every step (tagging, language modelling); with `causal` a `Sequence` then gives
            `Scanned(carry, y)`, whose carry holds the keys and values of the last steps.
        vocabulary: number of distinct tokens of integer inputs (batch, time); 0: the inputs are not tokens.
        width: features of a step in all blocks.
        depth: number of blocks, each of attention and of a hidden layer of four times the width.
        heads: number of heads of the attention, which divide the width.
        causal: attention to the steps before alone, as language models need.
        context: number of steps that a step attends to in each block, itself and those before it, if `causal`.
        positions: encoding of the position of a step: rotary, by rotation of queries and keys; learned or sinusoidal,
            by a vector that is added to its features, and that repeats after `context` steps if `causal`.
        dropout: share of units dropped of the input and of the output of each layer in training (0 to 1).
        patch: side of the square patches that are the steps of an image, in pixels.

    >>> import jax, jax.numpy as jnp
    >>> model, images = transformer(10, width=32), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), images)
    >>> model.apply(params, state, images)[0].shape, model.attention(params, state, images)[0].shape
    ((2, 10), (2, 4, 16, 16))
    """
    for name, value in {"outputs": outputs, "depth": depth, "context": context, "patch": patch}.items():
        check_positive("transformer", name, value)
    check_rate("transformer", "dropout", dropout)
    check_choice("transformer", "positions", positions, ("rotary", "learned", "sinusoidal"))
    reach = context if causal else None
    added = {"learned": learned_positions, "sinusoidal": sinusoidal_positions}
    place = {"positions": added[positions](reach)} if positions in added else {}

    def net(give: str) -> Layer:
        block = _block(width, heads, depth, reach, positions == "rotary", give, dropout)
        return compose(
            partial(_wiring, causal, each, bool(vocabulary), patch, list(place), give),
            embed=embed(vocabulary, width) if vocabulary else dense(width),
            **place,
            dropout=dropped(dropout),
            blocks=stacked(*[block] * depth),
            norm=layer_norm(),
            head=dense(outputs),
        )

    model, seen = net("carry" if causal else "outputs"), net("weights")
    return Transformer(*model, lambda params, state, x: seen.apply(params, state, x)[0])


def _wiring(
    causal: bool, each: bool, tokens: bool, patch: int, place: list[str], give: str, call: Callable, x: Any
) -> Any:
    sequence = _steps(x, tokens, patch)
    steps, lengths, carry = sequence
    if not causal and (carry is not None or (each and isinstance(x, Sequence) and lengths is None)):
        raise ValueError(
            "transformer: a text is continued from what was read before, so that each step attends only to the steps "
            "before it: set causal=True (--m.causal)"
        )
    steps = call("embed", steps)
    for name in place:
        steps = call(name, Sequence(steps, carry=None if carry is None else carry[0]["read"]))
    ran = call("blocks", Sequence(call("dropout", steps), lengths, carry))
    if give == "weights":
        call("head", call("norm", ran.y))
        return ran.carry
    carry, y = ran if isinstance(ran, Scanned) else (None, ran)
    if each:
        y = call("head", call("norm", y))
        return Scanned(carry, y) if causal and isinstance(x, Sequence) else y
    return call("head", _pooled(call("norm", y), lengths, causal))


def _block(width: int, heads: int, depth: int, reach: int | None, rotary: bool, give: str, dropout: float) -> Layer:
    """Builds a block: `x + attention(norm(x))`, then `x + mlp(norm(x))`; it passes on the carry of the attention."""
    # The variance of the sum of all blocks stays that of one (Radford et al. 2019).
    small = variance_scaling(1 / (2 * depth), "fan_avg", "uniform")

    def wiring(call, x):
        ran = call("attention", x._replace(x=call("norm1", x.x)))
        y = x.x + call("dropout1", ran.y if isinstance(ran, Scanned) else ran)
        y = y + call("dropout2", call("mlp", call("norm2", y)))
        return ran._replace(y=y) if isinstance(ran, Scanned) else y

    return compose(
        wiring,
        norm1=layer_norm(),
        attention=attention(width, heads, context=reach, rotary=rotary, give=give, init=small),
        dropout1=dropped(dropout),
        norm2=layer_norm(),
        mlp=serial(dense(4 * width), full_precision(gelu), dense(width, init=small)),
        dropout2=dropped(dropout),
    )


def _steps(x: Any, tokens: bool, patch: int) -> Sequence:
    """Converts an input to a `Sequence`: images to patches row by row, anything else unchanged."""
    sequence = x if isinstance(x, Sequence) else Sequence(x)
    steps = sequence.x
    if tokens or steps.ndim == 3:
        return sequence
    if steps.ndim != 4:
        raise ValueError(
            f"transformer expects (batch, time, features), images (batch, height, width, channels) or, with "
            f"vocabulary= set, tokens (batch, time); got shape {tuple(steps.shape)}"
        )
    batch, height, width, channels = steps.shape
    if height % patch or width % patch:
        raise ValueError(f"transformer: patch={patch} does not divide the sides of images of {height}x{width} pixels")
    steps = steps.reshape(batch, height // patch, patch, width // patch, patch * channels)
    steps = jnp.swapaxes(steps, 2, 3).reshape(batch, (height // patch) * (width // patch), patch * patch * channels)
    return sequence._replace(x=steps)


def _pooled(y: Any, lengths: Any, last: bool) -> Any:
    """Returns the last valid step of each row, or the mean of the valid steps; zeros where there is none."""
    if lengths is None:
        return y[:, -1] if last else jnp.mean(promote_float32(y), axis=1).astype(y.dtype)
    if last:
        y = jnp.take_along_axis(y, jnp.maximum(lengths - 1, 0)[:, None, None], axis=1)[:, 0]
        return jnp.where(lengths[:, None] > 0, y, 0)
    there = jnp.arange(y.shape[1]) < lengths[:, None]
    total = jnp.sum(jnp.where(there[..., None], promote_float32(y), 0), axis=1)
    return (total / jnp.maximum(lengths, 1)[:, None]).astype(y.dtype)
