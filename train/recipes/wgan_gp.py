"""Wasserstein GAN with gradient penalty: the ring, the grid of 25, and small images."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe

_RING = Recipe(
    "wgan_gp",
    "ring",
    trainer="adversarial",
    m={"latent": 8},
    steps=1600,
    batch_size=640,
    lr=4e-3,
    momentum=0.0,
    b2=0.9,
    sched="cosine",
    ema=0.999,
    t={"loss": "wasserstein", "d_steps": 5, "gradient_penalty": 0.1},
    expect=Expect("good", 0.7, "the project's own floor"),
)

RECIPES = ModelRecipes(
    recipes=(
        _RING,
        replace(
            _RING, dataset="grid", steps=6000, batch_size=1280, expect=Expect("good", 0.75, "the project's own floor")
        ),
        Recipe(
            "wgan_gp",
            "digits",
            trainer="adversarial",
            epochs=200,
            batch_size=320,
            lr=1e-4,
            momentum=0.5,
            b2=0.9,
            normalize="symmetric",
            ema=0.999,
            t={"loss": "wasserstein", "d_steps": 5, "gradient_penalty": 10.0},
        ),
    ),
    kinds=("points", "image"),
)
