"""Liquid state machine: decay, drive, samples and ridge were chosen on parts of the training examples."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "lsm",
            "spike_templates",
            trainer="liquid_read_out",
            task="spikes",
            m={"decay": 60.0},
            t={"ridge": 0.1},
            epochs=1,
            normalize="none",
            expect=Expect("accuracy", 0.95, "the project's own floor"),
        ),
        Recipe(
            "lsm",
            "spike_digits",
            trainer="liquid_read_out",
            task="spikes",
            m={"samples": 8, "drive": 0.4},
            t={"ridge": 300.0},
            epochs=1,
            normalize="none",
        ),
    ),
    kinds=("sequence",),
    tasks=("binary", "multiclass", "multilabel", "regression"),
)
