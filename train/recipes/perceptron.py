"""Perceptron: the learning rate only scales the weights, which start at zero."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "perceptron",
            "digits",
            trainer="perceptron",
            lr=1.0,
            epochs=100,
            normalize="unit",
            expect=Expect("accuracy", 0.93, "scikit-learn's Perceptron on digits: 0.939"),
        ),
    ),
    tasks=("binary", "multiclass"),
)
