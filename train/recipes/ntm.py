"""Neural Turing machine: copying, repeated copying, associative recall."""

from ..config.recipe import Expect, ModelRecipes
from ._bits import recipes

RECIPES = ModelRecipes(
    recipes=recipes(
        "ntm",
        copy_bits=Expect("wrong_bits", 0.1, "the project's own bound", at_most=True),
        repeat_copy=None,
        associative_recall=None,
    ),
    kinds=("image", "sequence"),
    tasks=("bits", "binary", "multiclass", "regression", "tagging"),
)
