"""Encoder-decoder with attention: dates, words to be reversed and sorted."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe
from ._sequences import FLOOR

_DATES = Recipe(
    "attention",
    "dates",
    task="seq2seq",
    m={"width": 64, "longest": 12},
    opt="adam",
    lr=4e-3,
    sched="onecycle",
    epochs=3,
    batch_size=50,
    clip_grad=1.0,
    expect=Expect("exact_match", 0.99, FLOOR),
)
_WORDS = replace(_DATES, dataset="reverse", m={"width": 64, "longest": 21}, epochs=5)

RECIPES = ModelRecipes(
    recipes=(_DATES, _WORDS, replace(_WORDS, dataset="sort")),
    kinds=("sequence",),
    tasks=("seq2seq",),
)
