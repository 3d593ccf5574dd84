"""Echo state network: the sizes are those of the literature; scales, leak and ridge were chosen on other reservoirs."""

from ..config.recipe import Expect, ModelRecipes, Recipe

_FORECAST = {"trainer": "teacher_forcing", "epochs": 1}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "esn",
            "mackey_glass",
            **_FORECAST,
            d={"steps": 3750, "horizon": 84, "whole": True},  # of which 3,000 are for training
            expect=Expect("free_nrmse", 0.001, "the project's own ceiling; Jaeger 2001: 0.00028", at_most=True),
        ),
        Recipe("esn", "sine", **_FORECAST, d={"horizon": 16, "whole": True}, t={"ridge": 0.1}),
        Recipe("esn", "csv", **_FORECAST, m={"units": 300}, d={"whole": True}, t={"ridge": 0.1}),
        Recipe("esn", "digits", trainer="least_squares", t={"ridge": 1.0}, epochs=1),
        Recipe("esn", "mnist", trainer="least_squares", t={"ridge": 1.0}, epochs=1),
    ),
    kinds=("series", "image", "sequence"),
    tasks=("binary", "multiclass", "regression", "forecast"),
)
