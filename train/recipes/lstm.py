"""LSTM: images by rows, memory, language."""

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, GUESS, recipes

RECIPES = ModelRecipes(
    recipes=recipes(
        "lstm",
        {"lr": 0.032, "weight_decay": 0.1},
        digits=Expect("accuracy", 0.97, FLOOR),
        permuted=Expect("accuracy", 0.9, FLOOR),
        mnist=Expect("accuracy", 0.987, FLOOR),
        images=None,
        adding=Expect("mse", 0.01, FLOOR, at_most=True),
        copy=Expect("accuracy", 0.6, "a guess: 0.125"),
        copy_bits=None,
        future=GUESS,
        text=Expect("bpc", 2.32, "markov, the best n-gram up to 5: 2.322", at_most=True),
        tinyshakespeare=Expect("nats", 1.65, FLOOR, at_most=True),
        sine=Expect("rmse", 0.12, FLOOR, at_most=True),
        mackey_glass=Expect("rmse", 0.02, FLOOR, at_most=True),
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
    general="images",
)
