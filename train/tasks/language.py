"""Language modelling: prediction of the next token of a text."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any

import jax

from ..data.vocabulary import Vocabulary
from ..losses import classification as losses
from ..metrics import classification as metrics
from ..option_types import is_off
from ._next_tokens_figure import draw_next_tokens
from .baseline import token_shares
from .classification import check_classes, most_likely, per_step
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "language"]

TASKS = ("language",)
TARGETS = MappingProxyType({"language": "tokens"})
PER_STEP = ("language",)
LOSSES = MappingProxyType({"language": {"cross_entropy": losses.sparse_categorical_cross_entropy}})


def language(loss: str = "auto", outputs: int = 2, label_smoothing: float = 0) -> Task:
    """Builds the prediction of the next token of every position.

    Reported are the cross-entropy in nats per token (`nats`), in bits (`bpc`), both of the text as it is, whatever the
    label smoothing, and the share of tokens whose prediction was the most likely one (`accuracy`).
    """
    cost, exact = (per_step(choose_loss("language", LOSSES["language"], loss, each)) for each in (label_smoothing, 0))
    scores = {"bpc": lambda z, y: exact(z, y) / math.log(2), "accuracy": per_step(metrics.accuracy)}
    if not is_off(label_smoothing):
        scores["_nats"] = exact
    check_classes("language", outputs)
    return Task(
        "language", cost, scores, _finish, "bpc", False, most_likely, jax.nn.softmax,
        counted="tokens", gives="the next token", command="sample", describe=_describe,
        baseline=partial(token_shares, outputs=outputs), figures=(draw_next_tokens,),
    )  # fmt: skip


def _finish(means: dict) -> dict:
    return public(means) | {"nats": float(means.get("_nats", means["loss"]))}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    unit = Vocabulary(tuple(trained.about["vocabulary"])).level.removesuffix("s")
    for tokens in x:
        found = score(tokens[:-1], tokens[1:])
        bits = found["nats"] / math.log(2)
        yield {
            "tokens": len(tokens), f"bits_per_{unit}": bits, "perplexity": 2**bits, "accuracy": found["accuracy"],
        }  # fmt: skip
