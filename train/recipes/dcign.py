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
            t={"columns": (1, 1, 1, 1, 3), "beta": 0.2, "invariance": 20.0, "importance_samples": 1},
            lr=2e-3,
            sched="cosine",
            epochs=3000,  # a step each
            expect=Expect("own_r2", 0.15, "the project's own floor, of the factor that is found worst, the angle"),
        ),
    ),
    kinds=("image",),
    tasks=("density",),
)
