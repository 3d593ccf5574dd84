"""Differentiable neural computer: sequences of bits to be copied and recalled."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe
from ._sequences import FLOOR

_COPY = Recipe(
    "dnc",
    "copy_bits",
    d={"longest": 10},
    opt="adam",
    lr=3e-3,
    epochs=16,
    batch_size=16,
    clip_grad=10.0,
    normalize="none",
    expect=Expect("bit_accuracy", 0.98, FLOOR),
)

RECIPES = ModelRecipes(
    recipes=(
        _COPY,
        replace(
            _COPY,
            dataset="associative_recall",
            m={"slots": 32},
            d={},
            expect=Expect("exact_match", 0.98, FLOOR),
        ),
        replace(_COPY, dataset="repeat_copy", d={"longest": 5, "repeats": 5}, expect=None),
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
)
