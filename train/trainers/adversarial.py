"""Adversarial training: a discriminator separates real from generated samples, a generator learns to pass as real.

Here are the options; the training step is in `_gan.py`.
"""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

import jax

from zoo.layers import Players

from ..config.recipe import Recipe
from ..errors import BadInput
from ..losses.adversarial import adversarial_loss
from ..option_types import Bounds, is_off
from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from ._gan import GanConfig, gan_trainer
from .optimizers import Optimizer, make_optimizer

__all__ = ["adversarial"]

TRAITS = {}


def adversarial(
    model: Players,
    task: Task,
    run: Run,
    *,
    loss: Literal["minimax", "non_saturating", "least_squares", "hinge", "wasserstein"] = "non_saturating",
    d_steps: Annotated[int, Bounds(1)] = 1,
    d_lr: Annotated[float, Bounds(0, open_low=True)] | None = None,
    clip_weights: Annotated[float, Bounds(0, open_low=True)] | None = None,
    gradient_penalty: Annotated[float, Bounds(0)] = 0.0,
    r1: Annotated[float, Bounds(0)] = 0.0,
    instance_noise: Annotated[float, Bounds(0)] = 0.0,
    augment_diff: tuple[str, ...] = (),
    l1: Annotated[float, Bounds(0)] = 0.0,
) -> Trainer:
    """Makes the trainer of a generator and a discriminator.

    Args:
        model: generator and discriminator.
        task: generation.
        run: gives recipe, length and sharding.
        loss: losses of both networks: minimax and non_saturating (Goodfellow 2014), least_squares (Mao 2017), hinge
            (Lim and Ye 2017), wasserstein (Arjovsky 2017).
        d_steps: updates of the discriminator per update of the generator; they share the examples of a batch.
        d_lr: learning rate of the discriminator (default: that of the generator).
        clip_weights: largest absolute value of the discriminator's parameters, 0.01 in WGAN (default: no limit).
        gradient_penalty: weight of (|gradient| - 1)^2 between real and generated samples (Gulrajani 2017), 10 in
            WGAN-GP.
        r1: gamma of the penalty gamma/2 |gradient|^2 at the real examples (Mescheder 2018).
        instance_noise: standard deviation of noise on all inputs of the discriminator; falls to 0 over half the run.
        augment_diff: random changes of all inputs of the discriminator: color, translation, cutout (Zhao 2020).
        l1: weight of the mean absolute difference between generated and real image, for image-to-image models.

    Raises:
        BadInput: if an option is out of its range or does not suit the recipe.
    """
    recipe = run.recipe
    _check_recipe(recipe, task, loss, d_steps)
    config = GanConfig(
        players=model if run.sharding is None else _constrained(model, run.sharding.data_sharded),
        optimizers=_optimizers(run, d_steps, d_lr),
        steps=run.steps,
        loss=adversarial_loss(loss, recipe.label_smoothing),
        d_steps=d_steps,
        clip_weights=clip_weights,
        gradient_penalty=gradient_penalty,
        r1=r1,
        instance_noise=instance_noise,
        l1=l1,
        ema=recipe.ema,
    )
    if augment_diff:
        from .diff_augment import diff_augment

        config = config._replace(augment=partial(diff_augment, augment_diff))
    return gan_trainer(config, task)


def _constrained(players: Players, sharding: Any) -> Players:
    """Fixes the placement of the generator's inputs.

    Without it, XLA may split what is computed from noise along any axis, and its convolutions were wrong then.
    """
    fixed = partial(jax.lax.with_sharding_constraint, shardings=sharding)
    return players._replace(given=lambda key, batch: fixed(players.given(key, batch)))


def _optimizers(run: Run, d_steps: int, d_lr: float | None) -> dict[str, Optimizer]:
    """Makes both optimizers; the discriminator's schedule spans its own, more numerous updates."""
    recipes = {"generator": (run.recipe, 1), "discriminator": (run.recipe, d_steps)}
    if d_lr is not None:
        recipes["discriminator"] = replace(run.recipe, lr=d_lr), d_steps
    return {
        player: make_optimizer(recipe, run.steps * turns, run.steps_per_epoch * turns)
        for player, (recipe, turns) in recipes.items()
    }


def _check_recipe(recipe: Recipe, task: Task, loss: str, d_steps: int) -> None:
    if "given" not in task.requires:
        raise BadInput(f"--task {task.name} does not suit {recipe.model}, which is trained to generate samples")
    if recipe.batch_size % d_steps:
        raise BadInput(
            f"--batch-size {recipe.batch_size} cannot be divided evenly among --t.d-steps {d_steps} updates; "
            f"the nearest that can: {max(1, recipe.batch_size // d_steps) * d_steps}"
        )
    if not is_off(recipe.label_smoothing) and loss in ("hinge", "wasserstein"):
        raise BadInput(f"--label-smoothing {recipe.label_smoothing:g}: the loss {loss} has no labels")
    if recipe.loss != "auto":
        raise BadInput(f"--loss {recipe.loss} is a loss of outputs and targets; for a GAN give --t.loss")
