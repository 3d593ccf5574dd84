"""Sparse autoencoder, on patches of photographs and on digits; k-sparse: without a penalty."""

from typing import Any

from ..config.recipe import Expect, ModelRecipes, Recipe

_RULE: dict[str, Any] = {"task": "reconstruct", "opt": "adam", "sched": "cosine"}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "sae",
            "patches",
            **_RULE,
            trainer="sparse",
            m={"hidden": 144},
            lr=3e-3,
            batch_size=250,
            epochs=60,
            expect=Expect("activation", 0.055, "within 10 % of the target, 0.05", at_most=True),
        ),
        Recipe(
            "sae",
            "patches",
            variant="k_sparse",
            **_RULE,
            m={"hidden": 144, "keep": 10},
            lr=3e-3,
            batch_size=250,
            epochs=60,
        ),
        Recipe("sae", "digits", **_RULE, trainer="sparse", lr=3e-3, batch_size=100, epochs=150),
        Recipe(
            "sae",
            "mnist",
            **_RULE,
            trainer="sparse",
            m={"hidden": 196},
            lr=3e-3,
            batch_size=250,
            epochs=30,
        ),
        Recipe(
            "sae",
            "iris",
            **_RULE,
            trainer="sparse",
            m={"hidden": 16},
            t={"target": 0.2, "weight": 1.0},
            lr=1e-2,
            batch_size=60,
            epochs=200,
        ),
    ),
    kinds=("image", "table", "points"),
    tasks=("reconstruct",),
)
