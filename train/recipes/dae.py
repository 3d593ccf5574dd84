"""Denoising autoencoder, by the squared error of its reconstructions; stacked: one layer after the other."""

from typing import Any

from ..config.recipe import Expect, ModelRecipes, Recipe

_RULE: dict[str, Any] = {"task": "reconstruct", "opt": "adam", "sched": "cosine", "normalize": "unit"}
_STACKED: dict[str, Any] = _RULE | {"trainer": "layerwise"}
_MASKED: dict[str, Any] = {"noise": "masking", "level": 0.25}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "dae",
            "digits",
            **_RULE,
            m={"hidden": (512, 512)},
            lr=2e-3,
            epochs=100,
            ema=0.995,
            expect=Expect("gain", 6.0, "the project's own floor"),
        ),
        Recipe("dae", "mnist", **_RULE, m={"hidden": (1000,), "noise": "masking"}, lr=1e-3, batch_size=128, epochs=10),
        Recipe("dae", "digits", variant="stacked", **_STACKED, m={"hidden": (512, 256)} | _MASKED, lr=2e-3, epochs=150),
        Recipe(
            "dae",
            "mnist",
            variant="stacked",
            **_STACKED,
            m={"hidden": (1000, 500), "noise": "masking", "level": 0.5},
            lr=1e-3,
            batch_size=128,
            epochs=20,
        ),
        Recipe("dae", "iris", task="reconstruct", m={"hidden": (16,)}, lr=1e-2, batch_size=32, epochs=100),
    ),
    kinds=("image", "table", "points"),
    tasks=("reconstruct",),
)
