"""Deep convolutional inverse graphics network, by batches in which one factor varies."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "dcign",
            "shape_factors",
            trainer="factorised",
            task="density",
            normalize="unit",
            t={"columns": (1, 1, 1, 1, 3)},
            lr=1e-3,
            sched="cosine",
            epochs=3000,  # a step each
            expect=Expect("own_r2", 0.9, "the project's own floor"),
        ),
    ),
    kinds=("image",),
    tasks=("density",),
)
