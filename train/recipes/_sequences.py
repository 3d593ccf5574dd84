"""Recipes of the recurrent models: one per data set, so that results of models compare.

They are the same for all models, but for the settings on digits that were chosen for a model.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..config.recipe import Expect, Recipe

__all__ = ["FLOOR", "GUESS", "recipes"]

FLOOR = "the project's own floor"
GUESS = Expect("accuracy", 0.55, "a guess: 0.5, no more can be known from what came before", at_most=True)

_IMAGES = Recipe(
    "",
    "digits",
    m={"width": 128},
    opt="adamw",
    lr=4e-3,
    sched="onecycle",
    epochs=40,
    batch_size=64,
    weight_decay=1e-2,
    clip_grad=1.0,
)
_STEPS = replace(_IMAGES, opt="adam", weight_decay=0, lr=5e-3, m={"width": 64})
_TEXT = Recipe(
    "",
    "text",
    trainer="language",
    m={"width": 384, "dropout": 0.5},
    opt="adamw",
    lr=3e-3,
    sched="cosine",
    warmup_epochs=0.5,
    epochs=12,
    batch_size=32,
    weight_decay=0.05,
    clip_grad=1.0,
)
_ALL = (
    _IMAGES,
    replace(_IMAGES, variant="permuted", m={"width": 128, "read": "permuted"}),
    replace(_IMAGES, dataset="mnist", epochs=5, batch_size=128),
    replace(_IMAGES, dataset="images"),
    replace(_STEPS, dataset="adding", epochs=10, batch_size=50, normalize="none"),
    replace(_STEPS, dataset="copy", epochs=10, batch_size=100),
    replace(_STEPS, dataset="copy_bits", m={"width": 256}, lr=1e-3, epochs=20, batch_size=16, normalize="none"),
    replace(_STEPS, dataset="future", m={"width": 32}, lr=1e-2, epochs=8, batch_size=100),
    _TEXT,
    replace(_TEXT, dataset="tinyshakespeare", epochs=5),  # as many steps as for the text above
    replace(_STEPS, dataset="sine", epochs=20),
    replace(_STEPS, dataset="mackey_glass", epochs=20),
)


def recipes(model: str, chosen: Mapping[str, Any] | None = None, /, **expected: Expect | None) -> tuple[Recipe, ...]:
    """Returns the recipes of a recurrent model, one for each data set or variant given, with its expected result.

    Args:
        model: name of the model.
        chosen: settings of its recipe for digits, chosen on folds of the training examples; None: those of all models.
        **expected: expected result by data set or variant, None for one without.

    >>> [recipe.dataset for recipe in recipes("lstm", mnist=None, digits=Expect("accuracy", 0.97, FLOOR))]
    ['mnist', 'digits']
    >>> [recipe.lr for recipe in recipes("lstm", {"lr": 0.032}, digits=None, images=None)]
    [0.032, 0.004]
    """
    by_name = {recipe.variant or recipe.dataset: recipe for recipe in _ALL}
    by_name["digits"] = replace(by_name["digits"], **(chosen or {}))
    return tuple(replace(by_name[name], model=model, expect=expect) for name, expect in expected.items())
