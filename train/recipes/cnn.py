"""Convolutional network on small images."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe

_DIGITS = Recipe(
    "cnn",
    "digits",
    m={"filters": (64, 128)},
    opt="adamw",
    lr=3e-3,
    sched="cosine",
    epochs=20,
    batch_size=64,
    weight_decay=10.0,  # chosen, as the rate, on folds of the training examples
    warmup_epochs=1,
    expect=Expect("accuracy", 0.985, "the project's own floor"),
)

RECIPES = ModelRecipes(
    recipes=(
        _DIGITS,
        Recipe(
            "cnn",
            "mnist",
            opt="adamw",
            lr=2e-3,
            sched="cosine",
            epochs=10,
            batch_size=128,
            weight_decay=1e-2,
            warmup_epochs=1,
            augment="shift",
            expect=Expect("accuracy", 0.9925, "Flax's MNIST example reaches 99.17 to 99.25 % in 10 epochs"),
        ),
        # The user's images and all others without a recipe of their own.
        replace(_DIGITS, dataset="images", weight_decay=1e-2, expect=None),
        Recipe(
            "cnn",
            "svhn",
            m={"filters": (32, 64, 128)},
            opt="adamw",
            lr=2e-3,
            sched="cosine",
            epochs=15,
            batch_size=128,
            weight_decay=1e-2,
            warmup_epochs=1,
            augment="shift",
            expect=Expect("accuracy", 0.906, "Netzer et al. 2011: 90.6 % with features of k-means, the best there"),
        ),
    ),
    kinds=("image",),
    general="images",
)
