"""Wasserstein GAN: RMSprop and five updates of the critic, as published."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "wgan",
            "ring",
            trainer="adversarial",
            m={"latent": 8},
            steps=3000,
            batch_size=640,
            opt="rmsprop",
            lr=2e-3,
            sched="cosine",
            ema=0.999,
            t={"loss": "wasserstein", "d_steps": 5, "clip_weights": 0.1},
            expect=Expect("good", 0.4, "the project's own floor; it depends much on the seed"),
        ),
        Recipe(
            "wgan",
            "digits",
            trainer="adversarial",
            epochs=200,
            batch_size=320,
            opt="rmsprop",
            lr=5e-5,
            normalize="symmetric",
            t={"loss": "wasserstein", "d_steps": 5, "clip_weights": 0.01},
        ),
    ),
    kinds=("points", "image"),
)
