"""Bidirectional recurrent network: tags that only the future tells, images by rows."""

from ..config.recipe import Expect, ModelRecipes
from ._sequences import FLOOR, recipes

RECIPES = ModelRecipes(
    recipes=recipes(
        "birnn",
        future=Expect("accuracy", 0.99, FLOOR),
        digits=Expect("accuracy", 0.95, FLOOR),
    ),
    kinds=("image", "sequence", "series"),
    tasks=("binary", "multiclass", "regression", "tagging"),
)
