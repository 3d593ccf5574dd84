"""Boltzmann machine on the encoder problem.

Steps of constant size from the means of few chains, as in the paper, leave local optima in which two patterns share a
code; the decay keeps the weights small enough for that. With the exact gradient a fifth of the seeds find a code.
"""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "boltzmann",
            "encoder",
            trainer="boltzmann_learning",
            task="density",
            m={"groups": 2},
            t={"step": "sign", "chains": 8, "sweeps": 8},
            steps=600,
            batch_size=4,
            lr=0.4,
            sched="cosine",
            weight_decay=0.1,
            normalize="none",
            expect=Expect("log_likelihood", -2.2, "the project's own floor; the best possible is -1.386"),
        ),
    ),
    kinds=("table", "image", "points"),
    tasks=("density",),
)
