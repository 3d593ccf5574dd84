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
            m={"filters": (16, 32, 64), "hidden": (192,)},
            t={"columns": (1, 1, 1, 1, 3), "sets": (1, 1, 3, 1, 2), "beta": 0.2, "invariance": 20.0},
            lr=2e-3,
            sched="cosine",
            epochs=7000,  # a step each
            expect=Expect("own_r2", 0.9, "the project's own floor"),
        ),
    ),
    kinds=("image",),
    tasks=("density",),
)
