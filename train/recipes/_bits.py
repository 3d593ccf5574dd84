"""Recipes of sequences of bits: one per data set, the same for all models, so that their results compare."""

from dataclasses import replace

from ..config.recipe import Expect, Recipe

__all__ = ["recipes"]

_COPY = Recipe(
    "",
    "copy_bits",
    opt="adam",
    lr=3e-3,
    sched="cosine",
    warmup_epochs=0.1,
    epochs=2,
    batch_size=16,
    clip_grad=10.0,
    normalize="none",
    val_share=0.02,
)
_ALL = (_COPY, replace(_COPY, dataset="repeat_copy"), replace(_COPY, dataset="associative_recall"))


def recipes(model: str, **expected: Expect | None) -> tuple[Recipe, ...]:
    """Returns the recipes of a model for the data sets given, with its expected results.

    >>> [recipe.dataset for recipe in recipes("ntm", associative_recall=None, copy_bits=None)]
    ['copy_bits', 'associative_recall']
    """
    return tuple(
        replace(recipe, model=model, expect=expected[recipe.dataset]) for recipe in _ALL if recipe.dataset in expected
    )
