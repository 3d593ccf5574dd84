"""Generative adversarial network: the ring, where the published variant loses modes, and small images."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "gan",
            "ring",
            trainer="adversarial",
            m={"latent": 8},
            steps=6000,
            batch_size=256,
            lr=2e-3,
            momentum=0.0,  # with more, one seed in five goes round in circles
            sched="cosine",
            ema=0.999,
            t={"instance_noise": 0.4, "d_lr": 4e-3},
            expect=Expect("good", 0.9, "the project's own floor"),
        ),
        Recipe(
            "gan",
            "digits",
            trainer="adversarial",
            epochs=200,
            batch_size=64,
            lr=2e-4,
            momentum=0.5,
            normalize="symmetric",
            ema=0.999,
        ),
    ),
    kinds=("points", "image"),
)
