"""Markov chain: counted in one step from the whole text."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "markov",
            "text",
            trainer="counting",
            d={"window": 0},
            epochs=1,
            batch_size=1,
            expect=Expect("bpc", 2.4, "the project's own ceiling", at_most=True),
        ),
        Recipe(
            "markov",
            "tinyshakespeare",
            trainer="counting",
            d={"window": 0},
            epochs=1,
            batch_size=1,
        ),
    ),
    kinds=("text",),
    tasks=("language",),
)
