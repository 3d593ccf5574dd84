"""Deconvolutional network, from attributes to images."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "deconvolutional",
            "shape_attributes",
            task="rendering",
            sched="cosine",
            lr=2e-3,
            epochs=20,
            expect=Expect("psnr", 25.0, "the project's own floor"),
        ),
    ),
    kinds=("table",),
    tasks=("rendering",),
)
