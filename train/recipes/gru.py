"""GRU: images by rows, memory, language."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, GUESS, recipes

_DIGITS, *_OTHERS = recipes(
    "gru",
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
)

RECIPES = ModelRecipes(
    # Rate and weight decay were chosen on folds of the training examples.
    recipes=(replace(_DIGITS, lr=0.016, weight_decay=0.1), *_OTHERS),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
    general="images",
)
