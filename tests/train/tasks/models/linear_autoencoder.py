"""Linear autoencoder: two dense layers, whose optimum is the principal subspace (Baldi and Hornik 1989)."""

import jax.numpy as jnp

from zoo.layers import Layer, dense, serial
from zoo.train.config.recipe import ModelRecipes, Recipe
from zoo.train.tasks.task import Task, public

__all__ = ["linear_autoencoder", "worst_feature"]


def worst_feature() -> Task:
    """Builds a task of its own: the largest error of an example, with its own figure and description."""

    def measure(outputs, x):
        return jnp.max(jnp.abs(outputs - x), axis=-1)

    def describe(trained, x, score):
        for example, made in zip(x, trained.predict(x), strict=True):
            yield {"feature": trained.about["features"][int(abs(made - example).argmax())]}

    def draw(drawing):
        (drawing.folder / "worst.txt").write_text(str(drawing.setup.task.headline))

    return Task(
        "worst_feature", measure, {"worst": measure}, public, "worst", False, lambda outputs: outputs, None,
        target=lambda batch: batch["x"], units="example", gives="values", describe=describe, figures=(draw,),
    )  # fmt: skip


def linear_autoencoder(shape: tuple[int, ...], *, width: int = 2) -> Layer:
    """Builds encoder and decoder, one dense layer each.

    Args:
        shape: shape of an example, (features,).
        width: size of the code.
    """
    return serial(dense(width), dense(shape[0]))


RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "linear_autoencoder",
            "iris",
            task="reconstruct",
            normalize="none",
            opt="adam",
            lr=0.1,
            sched="cosine",
            steps=2000,
            batch_size=120,
        ),
    ),
    tasks=("reconstruct",),
)
