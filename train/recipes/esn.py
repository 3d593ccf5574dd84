"""Echo state network: the sizes are those of the literature; scales and leak were chosen on other reservoirs.

The ridge of the noisy sine is the best of nine powers of ten on the last fifth of its training part, which was held
out, for three reservoirs of three: errors of free running 0.01: 0.114, 0.001: 0.116, 0.1: 0.123 standard deviations.
A series of a user, whose noise is unknown, begins with one of the three that were best there for a reservoir of 300
units, 0.0001: 0.110, 0.001: 0.112, 0.01: 0.120 (`--t.ridge`).
"""

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
        Recipe("esn", "sine", **_FORECAST, d={"horizon": 16, "whole": True}, t={"ridge": 0.01}),
        Recipe("esn", "csv", **_FORECAST, m={"units": 300}, d={"whole": True}, t={"ridge": 0.001}),
        Recipe("esn", "digits", trainer="least_squares", t={"ridge": 1.0}, epochs=1),
        Recipe("esn", "mnist", trainer="least_squares", t={"ridge": 1.0}, epochs=1),
    ),
    kinds=("series", "image", "sequence"),
    tasks=("binary", "multiclass", "regression", "forecast"),
)
