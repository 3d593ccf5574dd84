"""Extreme learning machine: width and ridge were chosen on folds of the training examples."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "elm",
            "digits",
            trainer="least_squares",
            m={"fields": True},
            epochs=1,
            expect=Expect("accuracy", 0.98, "the project's own floor"),
        ),
        Recipe(
            "elm",
            "digits",
            variant="sequential",
            trainer="sequential_least_squares",
            m={"fields": True},
            epochs=1,
            batch_size=512,
        ),
        Recipe("elm", "mnist", trainer="least_squares", m={"hidden": 3000, "fields": True}, epochs=1),
        # Before diabetes, so that other tables are like these.
        *(
            Recipe("elm", name, trainer="least_squares", m={"hidden": 50}, epochs=1)
            for name in ("table", "table_values", "table_labels")
        ),
        Recipe("elm", "diabetes", trainer="least_squares", m={"hidden": 200}, t={"ridge": 100.0}, epochs=1),
    ),
    tasks=("binary", "multiclass", "multilabel", "regression"),
)
