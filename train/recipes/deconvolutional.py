"""Deconvolutional network, from attributes to images."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "deconvolutional",
            "shape_attributes",
            task="rendering",
            m={"tint": (6, 7, 8, 9, 10, 11)},  # the columns of the colours
            sched="cosine",
            lr=2e-3,
            epochs=20,
            expect=Expect("psnr", 25.0, "the project's own floor"),
        ),
    ),
    kinds=("table",),
    tasks=("rendering",),
)
