"""Conditional GAN on small images with classes."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe

_MNIST = Recipe(
    "cgan",
    "mnist",
    trainer="adversarial",
    epochs=30,
    lr=5e-4,
    momentum=0.5,
    ema=0.999,
    normalize="symmetric",
    expect=Expect("agreement", 0.95, "the project's own floor"),
)

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "cgan",
            "digits",
            trainer="adversarial",
            epochs=150,
            lr=5e-4,
            momentum=0.5,
            ema=0.995,
            normalize="symmetric",
            expect=Expect("agreement", 0.95, "the project's own floor"),
        ),
        _MNIST,
        replace(_MNIST, dataset="fashion_mnist", expect=None),
    ),
    kinds=("image",),
    tasks=("multiclass",),
)
