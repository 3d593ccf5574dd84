"""Variational autoencoder, by the gradient of the evidence lower bound."""

from typing import Any

from ..config.recipe import Expect, ModelRecipes, Recipe

_RULE: dict[str, Any] = {"trainer": "variational", "task": "density"}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "vae",
            "digits",
            **_RULE,
            normalize="unit",
            m={"latent": 10, "hidden": (200,), "decoder": "logistic", "levels": 17},
            epochs=40,
            batch_size=50,
            sched="cosine",
            expect=Expect("log_likelihood", -94.0, "the project's own floor"),
        ),
        Recipe(
            "vae",
            "mnist",
            **_RULE,
            normalize="unit",
            lr=2e-3,
            sched="cosine",
            epochs=10,
            batch_size=64,
            expect=Expect("elbo", -104.0, "Flax's example: about 104 nats after 10 epochs"),
        ),
        Recipe(
            "vae",
            "mnist",
            variant="binary",
            **_RULE,
            normalize="unit",
            m={"latent": 20, "components": 100, "hidden": (500, 500), "binarise": "random"},
            t={"kl_warmup": 5, "importance_samples": 32},
            lr=2e-3,
            sched="cosine",
            epochs=60,
            batch_size=128,
        ),
        Recipe(
            "vae",
            "iris",
            **_RULE,
            normalize="standard",
            m={"latent": 2, "hidden": (50,), "decoder": "gaussian"},
            epochs=200,
            batch_size=20,
        ),
    ),
    tasks=("density",),
)
