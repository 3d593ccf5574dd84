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
            d={"sets": 1000},
            t={
                "columns": (1, 1, 1, 1, 3),
                "sets": (2, 2, 5, 2, 6),
                "beta": 0.5,
                "invariance": 400.0,
                "warmup": 2000.0,
                "importance_samples": 1,
            },
            lr=2e-3,
            sched="cosine",
            epochs=4000,  # a step each
            expect=Expect("own_r2", 0.9, "the project's own floor, of the factor that is found worst"),
        ),
    ),
    kinds=("image",),
    tasks=("density",),
)
