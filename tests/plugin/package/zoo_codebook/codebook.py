"""Codebook: every input is replaced by the nearest of a few prototypes.

Paper: Lloyd 1982, Least squares quantization in PCM.
Command: python -m zoo.train --model codebook
Expect: a distortion below 0.05 on blobs.
"""

import jax
import jax.numpy as jnp

from zoo.layers import Layer
from zoo.train.config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "codebook",
            "blobs",
            trainer="minibatch_kmeans",
            task="quantize",
            m={"codes": 3},
            epochs=4,
            batch_size=40,
            expect=Expect("distortion", 0.05, "the noise of the data set", at_most=True),
        ),
    ),
    kinds=("table", "points"),
)


def codebook(*, codes: int = 8) -> Layer:
    """Builds a codebook of prototypes.

    Args:
        codes: number of prototypes.
    """
    if codes < 1:
        raise ValueError(f"codebook: codes must be a positive integer, got {codes}")

    def init(key, x):
        return {"prototypes": jax.random.normal(key, (codes, x.shape[-1]))}, {}

    def apply(params, state, x, key=None):
        prototypes = params["prototypes"]
        distances = jnp.sum((x[:, None] - prototypes) ** 2, axis=-1)
        return prototypes[jnp.argmin(distances, axis=1)], state

    return Layer(init, apply)
