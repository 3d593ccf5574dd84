"""Hopfield network: patterns chosen apart from each other, as those of one kind are alike and few of them fit."""

from ..config.recipe import Expect, ModelRecipes, Recipe

_RECALL = {"trainer": "hebbian", "task": "recall", "normalize": "symmetric", "epochs": 1}

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "hopfield",
            "digits",
            **_RECALL,
            t={"rule": "storkey", "patterns": 6},
            expect=Expect("exact", 0.95, "the project's own floor"),
        ),
        Recipe("hopfield", "digits", variant="modern", **_RECALL, m={"form": "modern"}, t={"patterns": 100}),
        Recipe("hopfield", "mnist", **_RECALL, t={"rule": "storkey", "patterns": 6}),
        Recipe("hopfield", "mnist", variant="modern", **_RECALL, m={"form": "modern"}, t={"patterns": 100}),
        Recipe("hopfield", "images", **_RECALL, d={"size": 32, "grey": True}, t={"rule": "storkey"}),
    ),
    kinds=("image", "table", "points"),
    tasks=("recall",),
    idle={
        "m.updates": ("m.form", "modern"),
        "m.beta": ("m.form", "classical"),
        "t.rule": ("m.form", "modern"),
    },
)
