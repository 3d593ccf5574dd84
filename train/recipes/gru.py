"""GRU: images by rows, memory, language."""

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, GUESS, recipes

RECIPES = ModelRecipes(
    recipes=recipes(
        "gru",
        {"lr": 0.016, "weight_decay": 0.1},
        digits=Expect("accuracy", 0.97, FLOOR),
        permuted=Expect("accuracy", 0.9, FLOOR),
        mnist=Expect("accuracy", 0.987, FLOOR),
        images=None,
        adding=Expect("mse", 0.01, FLOOR, at_most=True),
        copy=None,
        future=GUESS,
        text=None,
        tinyshakespeare=None,
        sine=Expect("rmse", 0.12, FLOOR, at_most=True),
        mackey_glass=Expect("rmse", 0.02, FLOOR, at_most=True),
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
    general="images",
)
