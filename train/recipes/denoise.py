"""Adversarial denoiser."""

from ..config.recipe import Expect, ModelRecipes, Recipe

_GAME = {
    "trainer": "adversarial",
    "opt": "adam",
    "momentum": 0.5,
    "sched": "cosine",
    "normalize": "symmetric",
    "t": {"l1": 100},  # pix2pix's weight
}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "denoise",
            "shapes",
            m={"filters": (8, 16, 32, 64), "rival": (16, 32)},
            epochs=2,
            batch_size=16,
            lr=2e-3,
            expect=Expect("gain", 9.0, "the project's own floor"),
            **_GAME,
        ),
        Recipe("denoise", "mnist", m={"filters": (16, 32, 64), "rival": (16, 32)}, epochs=2, lr=2e-3, **_GAME),
    ),
    kinds=("image",),
)
