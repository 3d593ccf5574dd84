"""Boltzmann machine on the encoder problem: the gradient alone finds a code in a fifth of the seeds.

In the others two patterns share a state of the hidden units; the term `balance`, that all states be used, prevents it.
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
            t={"balance": 1.0},
            steps=400,
            batch_size=4,
            lr=1.0,
            sched="cosine",
            normalize="none",
            expect=Expect("log_likelihood", -1.8, "the project's own floor; the best possible is -1.386"),
        ),
    ),
    kinds=("table", "image", "points"),
    tasks=("density",),
)
