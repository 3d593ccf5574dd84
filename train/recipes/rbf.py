"""Radial basis function network: units, spread and ridge were chosen on folds of the training examples."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "rbf",
            "digits",
            trainer="radial_basis",
            t={"spread": 1.0},
            epochs=1,
            normalize="unit",
            expect=Expect("accuracy", 0.988, "the project's own floor"),
        ),
        Recipe("rbf", "mnist", trainer="radial_basis", m={"units": 1000}, normalize="unit", epochs=1),
        # Before diabetes, so that other tables are like these.
        *(
            Recipe("rbf", name, trainer="radial_basis", m={"units": 30}, t={"ridge": 1.0}, epochs=1)
            for name in ("table", "table_values", "table_labels")
        ),
        Recipe("rbf", "diabetes", trainer="radial_basis", m={"units": 15}, t={"ridge": 0.1}, epochs=1),
    ),
    tasks=("binary", "multiclass", "multilabel", "regression"),
)
