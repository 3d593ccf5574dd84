"""Neural Turing machine: sequences of bits to be copied, repeated and recalled."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe
from ._sequences import FLOOR

_COPY = Recipe(
    "ntm",
    "copy_bits",
    m={"slots": 64},
    opt="adam",
    lr=3e-3,
    sched="cosine",
    epochs=8,
    batch_size=16,
    clip_grad=1.0,  # at 10 some seeds learn late, or forget again
    normalize="none",
    expect=Expect("wrong_bits", 0.1, FLOOR, at_most=True),
)
_MORE = replace(_COPY, expect=None)

RECIPES = ModelRecipes(
    recipes=(
        _COPY,
        replace(_MORE, dataset="repeat_copy", m={"slots": 32}),
        replace(_MORE, dataset="associative_recall", m={"slots": 32, "heads": 4}),
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language", "bits"),
)
