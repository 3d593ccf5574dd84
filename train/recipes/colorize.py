"""Adversarial colouriser."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "colorize",
            "shapes",
            trainer="adversarial",
            m={"filters": (8, 16, 32, 64), "rival": (16, 32)},
            epochs=2,
            batch_size=16,
            lr=3e-3,
            momentum=0.5,
            sched="cosine",
            normalize="symmetric",
            t={"l1": 100},  # pix2pix's weight
            expect=Expect("gain", 7.0, "the project's own floor"),
        ),
    ),
    kinds=("image",),
)
