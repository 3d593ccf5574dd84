"""Recurrent network: images by rows, and tasks that exceed its memory."""

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, GUESS, recipes

RECIPES = ModelRecipes(
    recipes=recipes(
        "rnn",
        {"lr": 0.008, "weight_decay": 0.1},
        digits=Expect("accuracy", 0.95, FLOOR),
        mnist=None,
        images=None,
        adding=Expect("mse", 0.1, "it fails: who always answers 1 has 0.167"),
        copy=None,
        future=GUESS,
        text=None,
        tinyshakespeare=None,
        sine=None,
        mackey_glass=None,
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
    general="images",
)
