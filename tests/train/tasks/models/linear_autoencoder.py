"""Linear autoencoder: two dense layers, whose optimum is the principal subspace (Baldi and Hornik 1989)."""

from zoo.layers import Layer, dense, serial
from zoo.train.config.recipe import ModelRecipes, Recipe

__all__ = ["linear_autoencoder"]


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
