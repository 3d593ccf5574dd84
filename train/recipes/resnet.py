"""Deep residual network."""

from ..config.recipe import Expect, ModelRecipes, Recipe

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "resnet",
            "digits",
            m={"depth": 8},
            opt="nesterov",
            lr=0.05,
            sched="cosine",
            epochs=15,
            batch_size=64,
            weight_decay=1e-4,
            warmup_epochs=1,
            augment="shift",
            expect=Expect("accuracy", 0.98, "the project's own floor"),
        ),
    ),
    kinds=("image",),
)
