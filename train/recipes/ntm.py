"""Neural Turing machine: copies of sequences of bits."""

from ..config.recipe import Expect, ModelRecipes, Recipe
from ._sequences import FLOOR

_COPY = Recipe(
    "ntm",
    "copy_bits",
    opt="adam",
    lr=1e-3,
    epochs=16,
    batch_size=16,
    clip_grad=10.0,
    normalize="none",
    expect=Expect("wrong_bits", 0.1, FLOOR, at_most=True),
)

RECIPES = ModelRecipes(
    recipes=(_COPY,),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
)
