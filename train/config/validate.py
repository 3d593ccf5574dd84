"""Whether a recipe's numbers make sense, asked before anything is loaded. Needs neither jax nor numpy."""

from collections.abc import Callable
from difflib import get_close_matches
from math import isfinite
from typing import Any, get_args

from ..errors import BadInput
from . import recipe as names
from .recipe import Recipe
from .trainer_options import trainer_options

__all__ = ["check_recipe"]

Rule = tuple[Callable[[Any], bool], str]


def check_recipe(recipe: Recipe) -> None:
    """Raises BadInput for the first value of a recipe that cannot be: it names the flag, what came, what may come.

    >>> check_recipe(Recipe("mlp", "iris", batch_size=0))
    Traceback (most recent call last):
    zoo.train.errors.BadInput: --batch-size must be a whole number of at least 1, got 0
    """
    for name, choices in _CHOICES.items():
        _check_choice(name, getattr(recipe, name), choices)
    for name, (good, allowed) in _RULES.items():
        value = getattr(recipe, name)
        if not good(value):
            raise BadInput(f"{_flag(name)} must be {allowed}, got {value!r}")
    trainer_options(recipe)
    _check_trainer(recipe)
    if recipe.steps is None and recipe.warmup_epochs >= recipe.epochs:
        raise BadInput(
            f"--warmup-epochs must be less than --epochs {recipe.epochs:g}, got {recipe.warmup_epochs:g}: "
            "the rate would never be reached"
        )
    if recipe.sched == "plateau" and recipe.decay == 1:
        raise BadInput("--decay must be below 1 with --sched plateau, got 1: the rate would never fall")


def _check_trainer(recipe: Recipe) -> None:
    """Refuses what a trainer would pass over in silence."""
    rule = _NO_GRADIENT.get(recipe.trainer)
    if rule and recipe.dtype != "float32":
        raise BadInput(f"--dtype {recipe.dtype}: {recipe.model} {rule}, which half precision would only spoil")
    if rule and recipe.accumulate > 1:
        raise BadInput(f"--accumulate {recipe.accumulate}: {recipe.model} {rule} and has no gradient to accumulate")
    if recipe.accumulate > 1 and recipe.trainer == "adversarial":
        raise BadInput(
            f"--accumulate {recipe.accumulate}: the two players of {recipe.model} answer each other's last step, "
            "which accumulated gradients would not do; for less memory take --batch-size, --remat or --dtype bf16"
        )


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        near = get_close_matches(str(value), choices, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(f"{_flag(name)} {value!r} is not known; {hint}choose from {', '.join(choices)}")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _whole(least: int, most: int = 2**63 - 1) -> Rule:
    text = f"a whole number of at least {least}" if most == 2**63 - 1 else f"a whole number from {least} to {most}"
    return lambda v: _is_number(v) and isinstance(v, int) and least <= v <= most, text


def _number(good: Callable[[float], bool], text: str) -> Rule:
    return lambda v: _is_number(v) and good(v), text


def _maybe(rule: Rule) -> Rule:
    good, text = rule
    return lambda v: v is None or good(v), f"None or {text}"


_ABOVE_0 = _number(lambda v: v > 0, "a finite number above 0")
_FROM_0 = _number(lambda v: v >= 0, "a finite number of at least 0")
_SHARE = _number(lambda v: 0 <= v < 1, "a number from 0 to below 1")

_RULES: dict[str, Rule] = {
    "epochs": _ABOVE_0,
    "steps": _maybe(_whole(1)),
    "batch_size": _whole(1),
    "seed": _whole(0, 2**32 - 1),  # beyond it, jax keeps the lower half alone
    "lr": _ABOVE_0,
    "momentum": _SHARE,
    "b2": _SHARE,
    "warmup_epochs": _FROM_0,
    "step_epochs": _ABOVE_0,
    "decay": _number(lambda v: 0 < v <= 1, "a number above 0, up to 1"),
    "clip_grad": _maybe(_ABOVE_0),
    "accumulate": _whole(1),
    "ema": _maybe(_number(lambda v: 0 < v < 1, "a number between 0 and 1")),
    "weight_decay": _FROM_0,
    "l1": _FROM_0,
    "l2": _FROM_0,
    "label_smoothing": _SHARE,
    "patience": _maybe(_whole(1)),
    "val_share": _SHARE,
}

_NO_GRADIENT = {"perceptron": "adds and subtracts whole examples", "counting": "counts"}

_CHOICES: dict[str, tuple[str, ...]] = {
    "opt": get_args(names.Optimizer),
    "sched": get_args(names.Schedule),
    "loss": get_args(names.Loss),
    "normalize": get_args(names.Normalization),
    "augment": get_args(names.Augmentation),
    "dtype": get_args(names.Precision),
}
