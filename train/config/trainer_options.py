"""The options of the trainers that have any: `--t.loss` of the command line, `t` of a recipe. Needs no jax."""

from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, Literal, get_type_hints

from ..errors import BadInput
from ..option_types import coerce, did_you_mean
from .recipe import Recipe

__all__ = ["OPTIONS", "Adversarial", "trainer_options"]


@dataclass(frozen=True)
class Adversarial:
    """How two players are trained, beyond what every recipe says.

    Args:
        loss: what each player is told: minimax and non_saturating (Goodfellow 2014), least_squares (Mao 2017), hinge
            (Lim and Ye 2017), wasserstein (Arjovsky 2017).
        d_steps: updates of the discriminator for each of the generator; they share the examples of a batch.
        d_lr: learning rate of the discriminator, none: that of the generator.
        clip_weights: largest size of the discriminator's parameters; 0.01 in the first WGAN, none: not limited.
        gradient_penalty: weight of (|slope| - 1)^2 between real and made (Gulrajani 2017); 10 in WGAN-GP.
        r1: gamma of the penalty gamma/2 |slope|^2 at the real examples (Mescheder 2018).
        instance_noise: standard deviation of noise on all that the discriminator sees; it falls to 0 over half the run.
        augment_diff: random changes of all images that the discriminator sees: color, translation, cutout (Zhao 2020).
        l1: weight of the mean absolute difference of what is made and what is real, from image to image.
    """

    loss: Literal["minimax", "non_saturating", "least_squares", "hinge", "wasserstein"] = "non_saturating"
    d_steps: int = 1
    d_lr: float | None = None
    clip_weights: float | None = None
    gradient_penalty: float = 0.0
    r1: float = 0.0
    instance_noise: float = 0.0
    augment_diff: tuple[str, ...] = ()
    l1: float = 0.0


# By the recipe's `trainer`; the others have none.
OPTIONS: dict[str, type] = {"adversarial": Adversarial}

_POSITIVE = ("d_lr", "clip_weights")
_FROM_0 = ("gradient_penalty", "r1", "instance_noise", "l1")
_NO_LABELS = ("hinge", "wasserstein")


def trainer_options(recipe: Recipe) -> Any:
    """The options of a recipe's trainer, None if it has none.

    Raises:
        BadInput: for an option that the trainer lacks, or a value that cannot be, naming the nearest.

    >>> trainer_options(Recipe("gan", "ring", trainer="adversarial", t={"d_steps": 4})).d_steps
    4
    """
    kind = OPTIONS.get(recipe.trainer)
    if kind is None:
        if recipe.t:
            raise BadInput(f"the trainer {recipe.trainer} has no options, got --t.{next(iter(recipe.t))}")
        return None
    known = [each.name for each in fields(kind)]
    for name in recipe.t:
        if name not in known:
            raise BadInput(
                f"the trainer {recipe.trainer} has no option {name!r}{did_you_mean(name, known)} "
                f"(it has {', '.join(known)})"
            )
    kinds = get_type_hints(kind)
    options = kind(**{name: coerce(kinds[name], value, _flag(name)) for name, value in recipe.t.items()})
    _check(recipe, options)
    return options


def _check(recipe: Recipe, options: Adversarial) -> None:
    for name in (*_POSITIVE, *_FROM_0):
        value, least = getattr(options, name), "above" if name in _POSITIVE else "of at least"
        if value is not None and not (isfinite(value) and value >= 0 and (value > 0 or name in _FROM_0)):
            raise BadInput(f"{_flag(name)} must be a finite number {least} 0, got {value!r}")
    if options.d_steps < 1:
        raise BadInput(f"--t.d-steps must be a whole number of at least 1, got {options.d_steps}")
    if recipe.batch_size % options.d_steps:
        raise BadInput(
            f"--batch-size {recipe.batch_size} cannot be shared by --t.d-steps {options.d_steps} updates evenly; "
            f"the nearest that can: {max(1, recipe.batch_size // options.d_steps) * options.d_steps}"
        )
    if recipe.label_smoothing and options.loss in _NO_LABELS:
        raise BadInput(f"--label-smoothing {recipe.label_smoothing:g}: the loss {options.loss} has no labels")
    if recipe.loss != "auto":
        raise BadInput(f"--loss {recipe.loss} is for models that answer; that of two players is --t.loss")


def _flag(name: str) -> str:
    return "--t." + name.replace("_", "-")
