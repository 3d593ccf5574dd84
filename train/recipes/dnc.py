"""Differentiable neural computer: copying, repeated copying, associative recall."""

from ..config.recipe import Expect, ModelRecipes
from ._bits import recipes

_BOUND = Expect("bit_accuracy", 0.98, "the project's own bound")

RECIPES = ModelRecipes(
    recipes=recipes("dnc", copy_bits=_BOUND, repeat_copy=None, associative_recall=_BOUND),
    kinds=("image", "sequence"),
    tasks=("bits", "binary", "multiclass", "regression", "tagging"),
)
