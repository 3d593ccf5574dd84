"""Deep belief network: machines by contrastive divergence, then all layers by the gradient of the loss."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "dbn",
            "digits",
            trainer="greedy",
            m={"hidden": (200, 200, 400)},
            t={"pretraining_lr": 0.05, "top_lr": 0.4, "pretraining": 0.75},  # longer machines draw better samples
            epochs=120,
            batch_size=50,
            normalize="unit",
            lr=2e-3,
            sched="cosine",
            expect=Expect("accuracy", 0.965, "the project's own floor"),
        ),
        Recipe(
            "dbn",
            "mnist",
            trainer="greedy",
            t={"top_lr": 0.05},
            epochs=60,
            batch_size=100,
            normalize="unit",
            augment="shift",
            lr=2e-3,
            sched="cosine",
            ema=0.999,
            label_smoothing=0.1,
            expect=Expect("accuracy", 0.9875, "Hinton, Osindero & Teh 2006: 98.75 %, without shifted images"),
        ),
    ),
    tasks=("multiclass",),
)
