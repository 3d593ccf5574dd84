"""Autoencoder, by the squared error of its reconstructions."""

from typing import Any

from ..config.recipe import Expect, ModelRecipes, Recipe

_RULE: dict[str, Any] = {"task": "reconstruct", "opt": "adam", "sched": "cosine"}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "autoencoder",
            "digits",
            **_RULE,
            normalize="unit",
            lr=2e-3,
            epochs=100,
            expect=Expect("scaled_sse", 0.9, "10 principal components have 1.27", at_most=True),
        ),
        Recipe(
            "autoencoder",
            "digits",
            variant="linear",
            **_RULE,
            normalize="unit",
            m={"hidden": (), "activation": "linear"},
            lr=1e-2,
            batch_size=128,
            epochs=300,
        ),
        Recipe(
            "autoencoder",
            "digits",
            variant="conv",
            **_RULE,
            normalize="unit",
            m={"hidden": (), "filters": (32, 64)},
            lr=2e-3,
            epochs=100,
        ),
        Recipe(
            "autoencoder",
            "mnist",
            **_RULE,
            normalize="unit",
            m={"latent": 30, "hidden": (1000, 500, 250), "activation": "gelu"},
            lr=1e-3,
            batch_size=128,
            epochs=40,
        ),
        Recipe("autoencoder", "iris", **_RULE, m={"latent": 2, "hidden": (16,)}, lr=1e-2, batch_size=32, epochs=200),
    ),
    kinds=("image", "table", "points"),
    tasks=("reconstruct",),
)
