"""Linear regression: full-batch gradient descent up to the closed-form solution."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "linear",
            "diabetes",
            opt="nesterov",
            lr=0.02,
            momentum=0.95,
            epochs=1500,
            batch_size=353,
            expect=Expect("r2", 0.3, "scikit-learn's LinearRegression on the same split, to 1e-3"),
        ),
    ),
    tasks=("regression",),
)
