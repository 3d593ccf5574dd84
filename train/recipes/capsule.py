"""Capsule network: digits, overlapping digits, MNIST."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe

_DIGITS = Recipe(
    "capsule",
    "digits",
    task="capsules",
    m={"filters": (64, 64), "strides": 1},
    opt="adam",
    lr=3e-3,
    sched="cosine",
    epochs=30,
    batch_size=64,
    normalize="unit",
    expect=Expect("accuracy", 0.988, "the project's own bound"),
)
_MNIST = {"filters": (64,), "size": 9, "primary": 8, "hidden": (512, 1024)}

RECIPES = ModelRecipes(
    recipes=(
        _DIGITS,
        replace(_DIGITS, dataset="images", m={}, expect=None),
        replace(
            _DIGITS,
            dataset="multi_digits",
            m={"filters": (64, 128)},
            d={"examples": 250_000},
            t={"objects": 2, "reconstruction": 0.005},
            opt="adamw",
            weight_decay=0.1,
            epochs=4,
            expect=Expect("accuracy", 0.87, "the project's own floor: both digits found"),
        ),
        replace(
            _DIGITS,
            dataset="mnist",
            m=_MNIST,
            epochs=12,
            batch_size=128,
            augment="shift",
            expect=Expect("accuracy", 0.994, "the project's own bound; Sabour et al. 2017: 0.9975"),
        ),
    ),
    kinds=("image",),
    general="images",
    tasks=("capsules",),
)
