"""Support vector machine: cost and width of the kernel were chosen on folds of the training examples."""

from ..config.recipe import Expect, ModelRecipes, Recipe

_TABLE = {"trainer": "dual", "epochs": 1}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "svm",
            "digits",
            trainer="dual",
            m={"gamma": 0.1},
            t={"cost": 3.0},
            normalize="unit",
            epochs=1,
            expect=Expect("accuracy", 0.988, "the project's own floor"),
        ),
        Recipe("svm", "digits", variant="linear", trainer="dual", m={"kernel": "none"}, normalize="unit", epochs=1),
        Recipe("svm", "mnist", trainer="dual", m={"gamma": 0.02}, t={"cost": 10.0}, normalize="unit", epochs=1),
        Recipe("svm", "spiral", trainer="dual", m={"gamma": 2.0}, t={"cost": 10.0}, epochs=1),
        # Before diabetes, so that other tables of classes are like these.
        *(Recipe("svm", name, **_TABLE) for name in ("iris", "table")),
        Recipe("svm", "table_values", m={"scheme": "separate"}, **_TABLE),
        Recipe("svm", "table_labels", m={"scheme": "separate"}, **_TABLE),
        Recipe(
            "svm",
            "diabetes",
            trainer="dual",
            m={"gamma": 0.01, "scheme": "separate"},
            t={"cost": 1.0, "epsilon": 0.3},
            epochs=1,
        ),
    ),
    tasks=("binary", "multiclass", "multilabel", "regression"),
)
