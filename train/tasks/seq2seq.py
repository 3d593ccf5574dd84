"""Sequence to sequence: another sequence of tokens is written for each one that is read."""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Sequence

from ..errors import BadInput
from ..losses import classification as losses
from ..option_types import Bounds
from ._alignment_figure import draw_alignments, text_of
from ._beam_search import beam_search, compiled_search
from .classification import has_target, most_likely, per_step
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "ended", "seq2seq"]

TASKS = ("seq2seq",)
TARGETS = MappingProxyType({"seq2seq": ("a sequence of tokens", "a class per step")})  # its own, and those of tagging
LOSSES = MappingProxyType({"seq2seq": {"cross_entropy": losses.sparse_categorical_cross_entropy}})


def seq2seq(
    loss: str = "auto", outputs: int = 2, label_smoothing: float = 0, *, beams: Annotated[int, Bounds(1, 100)] = 5
) -> Task:
    """Builds the writing of a sequence of tokens for another one.

    Targets are tokens (batch, time), -1 behind their end. In training the model reads the true tokens before each one
    (teacher forcing); the `loss` is the cross-entropy in nats per token. Scored is what the model writes by itself,
    each token the most likely one after those that it wrote: `exact_match`, the share of sequences without an error.

    Args:
        loss: name of the loss.
        outputs: number of different tokens to write, without the end.
        label_smoothing: of the cross-entropy.
        beams: beginnings that the beam search keeps, in scores and in `predict`; 1: the most likely next token each
            time.

    Raises:
        BadInput: if there is no token to write.
    """
    cost = choose_loss("seq2seq", LOSSES["seq2seq"], loss, label_smoothing)
    if outputs < 1:
        raise BadInput(f"a seq2seq task has at least one token to write, got {outputs}")
    of_tokens = per_step(lambda z, y: cost(z, jnp.maximum(y, 0)))

    def inputs(batch, key):
        return batch if key is None else batch | {"x": (batch["x"], batch["y"])}

    def scores(model, params, state, batch, key):
        x, lengths, there = batch["x"], batch.get("lengths"), batch["weight"] > 0
        wanted = ended(batch["y"], outputs)
        forced, _ = model.apply(params, state, Sequence((x, batch["y"]), lengths))
        counts = has_target(wanted) * there[:, None]
        written = beam_search(model, params, state, Sequence(x, lengths), outputs, beams).tokens[:, 0]
        rest = written.shape[1] - wanted.shape[1]
        wanted = jnp.pad(jnp.where(wanted < 0, outputs, wanted), ((0, 0), (0, rest)), constant_values=outputs)
        exact = jnp.all(written == wanted, axis=1)
        each = jnp.where(counts > 0, of_tokens(forced, ended(batch["y"], outputs)), 0)
        return {
            "loss": (jnp.sum(each), jnp.sum(counts)),
            "exact_match": (jnp.sum(jnp.where(there, exact, 0.0)), jnp.sum(batch["weight"])),
        }

    return Task(
        "seq2seq", of_tokens, {}, public, "exact_match", True, most_likely, jax.nn.softmax, counts=has_target,
        inputs=inputs, target=lambda batch: ended(batch["y"], outputs), scores=scores, units="none",
        requires=("read", "write", "longest"), gives="another sequence", describe=_described(outputs, beams),
        figures=(draw_alignments,),
    )  # fmt: skip


def ended(y: jax.Array, end: int) -> jax.Array:
    """Puts the end behind the tokens of each row (batch, time + 1); behind it remains -1.

    >>> ended(jnp.array([[3, 1], [2, -1]]), 9).tolist()
    [[3, 1, 9], [2, 9, -1]]
    """
    y = jnp.pad(jnp.asarray(y), ((0, 0), (0, 1)), constant_values=-1)
    return jnp.where(jnp.arange(y.shape[1]) == jnp.sum(y >= 0, axis=1)[:, None], end, y)


def _described(end: int, beams: int) -> Callable:
    def describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
        found = compiled_search(trained.model, trained.params, trained.state, jnp.asarray(x), end=end, beams=beams)
        for rows, shares in zip(*map(np.asarray, (found.tokens, jnp.exp(found.log_probability))), strict=True):
            texts = [text_of(row, trained.classes) for row in rows]
            others = [{"text": text, "probability": float(share)} for text, share in zip(texts, shares, strict=True)]
            yield {**others[0], "beams": others}

    return describe
