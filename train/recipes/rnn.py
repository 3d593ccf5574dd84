"""Recurrent network: images by rows, and tasks that exceed its memory."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, GUESS, recipes

_DIGITS, *_OTHERS = recipes(
    "rnn",
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
)

RECIPES = ModelRecipes(
    # Rate and weight decay were chosen on folds of the training examples.
    recipes=(replace(_DIGITS, lr=0.008, weight_decay=0.1), *_OTHERS),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
    general="images",
)
