"""The knobs of a page: flags of the command line with their types, values and explanations."""

from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any, Literal, get_args, get_origin

from ..option_types import bounds_of, strip_optional
from ..trainers.effects import without_effect
from .build import Built
from .state import options, recipe_of, stage

__all__ = ["knobs", "lessons"]

_DATA = ("d.noise",)  # knobs of the data that change no shape

_MORE: Mapping[str, str] = {
    "lr": "Larger steps learn faster until they overshoot, and the loss jumps.",
    "batch_size": "Small batches give noisy steps and many of them; large ones give smooth steps.",
    "opt": "Adam scales the step of every weight by its own gradients; sgd uses one rate for all.",
    "l1": "It pulls weights to exactly zero, so that few remain.",
    "l2": "It keeps weights small, so that the surface stays smooth.",
    "weight_decay": "It shrinks the weights at each step, whatever the gradient says.",
    "d.noise": "With noise no surface is right everywhere: one that fits all points has learned the noise.",
    "d.train_share": "The fewer points there are to train on, the easier they are to learn by heart.",
    "d.features": "A feature that suits the data can replace a whole layer.",
    "m.hidden": "More units and layers can bend the surface more, and take longer to train.",
    "m.activation": "Without a bend in it, all layers together would be a single linear one.",
    "m.dropout": "Units that cannot rely on each other learn features that are useful alone.",
    "momentum": "It carries the step through narrow valleys, and past a minimum if it is too large.",
    "sched": "A rate that falls lets the weights settle at the end of a run.",
    "clip_grad": "It keeps a single steep place from throwing the weights away.",
    "ema": "The average of many steps is smoother than the last one.",
    "seed": "Another seed starts from other weights and draws other batches.",
    "normalize": "Inputs of one scale make the loss equally steep in all directions.",
    "loss": "It decides which mistakes count most.",
    "label_smoothing": "It keeps the model from being too sure of itself.",
    "epochs": "Schedules stretch over this length.",
}
"""The second sentence of an explanation; the first is the help of the flag."""


_PACKAGE, _LESSONS = "neural-network-zoo", "blob/main/docs/learn"
_LESSON: Mapping[str, str] = {
    "d.features": "01-neuron", "m.hidden": "02-forward-pass", "loss": "03-losses", "label_smoothing": "03-losses",
    "m.activation": "06-activations", "normalize": "07-normalisation", "batch_size": "07-normalisation",
    "epochs": "07-normalisation", "m.layer_norm": "07-normalisation", "clip_grad": "09-vanishing-gradient",
    "m.dropout": "10-overfitting", "d.noise": "10-overfitting", "d.train_share": "10-overfitting",
}  # fmt: skip
_BY_GROUP = {"optimizer": "04-gradient-descent", "regularization": "10-overfitting", "length": "04-gradient-descent"}
_BY_STAGE = {"points": "02-forward-pass", "series": "09-vanishing-gradient", "patterns": "11-energy"}


@cache
def lessons() -> str:
    """Returns the address of the lessons, from the metadata of the installed package; "" where there is none."""
    try:
        found = metadata.metadata(_PACKAGE).get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    pairs = (each.partition(", ")[::2] for each in found)
    return next((f"{address}/{_LESSONS}" for name, address in pairs if name == "Repository"), "")


def knobs(built: Built) -> list[dict[str, Any]]:
    """Returns the knobs of a run.

    Returns:
        For each: `name`, `group`, `help`, `value`, `default`; `kind` (number, whole, choice, switch, numbers, text),
        `choices`, `low` and `high` where there are any, `none` whether it may be none; `live` whether a change goes on
        without a restart, `idle`, the reason why it has no effect, and `lesson`, the page on its concept.
    """
    given = built.parts.recipe
    wanted = recipe_of(built.state, built.stock)
    idle, live = without_effect(given), {*built.parts.trainer.numbers, *_DATA}
    found = []
    for name, flag in options(built.state, built.stock).items():
        table, _, own = name.rpartition(".")
        value = getattr(wanted, table).get(own, flag.default) if table else getattr(wanted, name)
        text = f"{flag.explained[0][:1].upper()}{flag.explained[0][1:]}. {_MORE.get(name, '')}".strip()
        each = {"name": name, "group": flag.group, "help": text, "value": value, "default": flag.default}
        lesson = _LESSON.get(name) or _BY_GROUP.get(flag.group) or _BY_STAGE[stage(built.state.dataset)]
        about = {"live": name in live, "idle": idle.get(name, ""), "lesson": lesson}
        found.append(each | _kind(flag.kind) | about)
    return found


def _kind(kind: Any) -> dict[str, Any]:
    """Returns how the page shows a type of values."""
    bounds, (inner, optional) = bounds_of(kind), strip_optional(kind)
    limits = {} if bounds is None else {"low": _finite(bounds.low), "high": _finite(bounds.high)}
    if get_origin(inner) is Literal:
        return {"kind": "choice", "choices": list(get_args(inner)), "none": optional}
    if get_origin(inner) is tuple:
        kind = "texts" if get_args(inner)[0] is str else "numbers"
        return {"kind": kind, "none": optional, **limits}
    names = {bool: "switch", int: "whole", float: "number"}
    return {"kind": names.get(inner, "text"), "none": optional, **limits}


def _finite(value: float) -> float | None:
    return value if abs(value) != float("inf") else None
