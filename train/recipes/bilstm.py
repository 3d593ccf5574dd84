"""Bidirectional LSTM: tags that depend on the future, images by rows."""

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, recipes

RECIPES = ModelRecipes(
    recipes=recipes(
        "bilstm",
        future=Expect("accuracy", 0.99, FLOOR),
        digits=Expect("accuracy", 0.97, FLOOR),
    ),
    kinds=("image", "sequence", "series"),
    tasks=("binary", "multiclass", "regression", "tagging"),
)
