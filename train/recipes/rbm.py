"""Restricted Boltzmann machine, by persistent contrastive divergence; rates fall to 0 over the run."""

from typing import Any

from ..config.recipe import Expect, ModelRecipes, Recipe

_RULE: dict[str, Any] = {"trainer": "contrastive_divergence", "task": "density", "opt": "momentum", "sched": "cosine"}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "rbm",
            "digits",
            **_RULE,
            normalize="unit",
            lr=0.02,
            batch_size=50,
            epochs=100,
            expect=Expect("log_likelihood", -19.0, "the project's own floor"),
        ),
        Recipe(
            "rbm",
            "bars_and_stripes",
            **_RULE,
            normalize="unit",
            m={"hidden": 20},
            t={"sweeps": 10, "chains": 200},
            lr=0.1,
            momentum=0.5,
            batch_size=30,
            epochs=300,
            expect=Expect("log_likelihood", -3.70, "0.3 nats below the best possible, -log 30"),
        ),
        Recipe(
            "rbm",
            "mnist",
            **_RULE,
            normalize="unit",
            m={"hidden": 500, "binarise": "random"},
            lr=0.01,
            batch_size=100,
            epochs=50,
        ),
        Recipe(  # units as wide as the standardised data themselves could state no connection between the columns
            "rbm",
            "iris",
            **_RULE,
            m={"units": "gaussian", "hidden": 16, "std": 0.5},
            lr=0.01,
            batch_size=20,
            epochs=200,
        ),
    ),
    tasks=("density",),
    idle={"m.binarise": ("m.units", "gaussian"), "m.std": ("m.units", "binary")},
)
