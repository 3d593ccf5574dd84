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
            t={"weight": 0.3},
            lr=1e-2,
            l2=3e-4,  # without it, units that hardly change can carry the code by large weights of the decoder
            batch_size=250,
            epochs=60,
            expect=Expect("activation", 0.045, "within 10 % of the target, 0.05", upper=0.055),
        ),
        Recipe("sae", "patches", variant="k_sparse", **_RULE, m={"keep": 8}, lr=3e-3, batch_size=250, epochs=40),
        *(
            Recipe(
                "sae",
                name,
                **_RULE,
                trainer="sparse",
                t={"weight": 0.3},
                lr=1e-2,
                l2=1e-4,
                batch_size=100,
                epochs=epochs,
            )
            for name, epochs in (("digits", 100), ("mnist", 10))
        ),
        Recipe("sae", "iris", **_RULE, trainer="sparse", m={"hidden": 16}, t={"target": 0.2}, lr=1e-2, epochs=100),
    ),
    kinds=("image", "table", "points"),
    tasks=("reconstruct",),
)
