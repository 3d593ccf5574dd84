"""Logistic regression."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "logistic",
            "digits",
            opt="adam",
            lr=1e-2,
            epochs=40,
            l2=1e-4,
            expect=Expect("accuracy", 0.96, "the project's own floor"),
        ),
        Recipe("logistic", "iris", opt="adam", lr=3e-2, epochs=100, batch_size=16, l2=1e-3),
    ),
    tasks=("binary", "multiclass", "multilabel"),
)
