"""Self-organising map: the batch rule, and Kohonen's own rule as the variant online."""

from ..config.recipe import Expect, ModelRecipes, Recipe

_SMALL = {"rows": 7, "columns": 7}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "kohonen",
            "iris",
            trainer="self_organising",
            task="topographic_map",
            m=_SMALL,
            t={"radius": 3.0, "last_radius": 0.47},
            epochs=50,
            expect=Expect("quantisation_error", 0.42, "the project's own ceiling on unseen flowers", at_most=True),
        ),
        Recipe(
            "kohonen",
            "iris",
            variant="online",
            trainer="self_organising",
            task="topographic_map",
            m=_SMALL,
            t={"rule": "online", "radius": 2.0, "last_radius": 0.49, "rate": 0.3, "last_rate": 0.04},
            epochs=150,
        ),
        Recipe(
            "kohonen",
            "digits",
            trainer="self_organising",
            task="topographic_map",
            m={"rows": 20, "columns": 20},
            t={"last_radius": 1.5},
            epochs=20,
            normalize="unit",
        ),
        Recipe(
            "kohonen",
            "digits",
            variant="online",
            trainer="self_organising",
            task="topographic_map",
            m={"rows": 20, "columns": 20},
            t={"rule": "online", "last_radius": 1.0},
            epochs=20,
            normalize="unit",
        ),
        Recipe(
            "kohonen",
            "colours",
            trainer="self_organising",
            task="topographic_map",
            m={"rows": 20, "columns": 30, "hexagonal": True},
            t={"last_radius": 1.0},
            epochs=50,
            normalize="unit",
        ),
    ),
    tasks=("topographic_map", "cluster"),
)
