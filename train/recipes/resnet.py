"""Deep residual network: on digits, and on photographs as in the paper and in the time of one GPU."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe

_DIGITS = Recipe(
    "resnet",
    "digits",
    m={"depth": 8},
    opt="nesterov",
    lr=0.02,  # chosen, as the weight decay, on folds of the training examples
    sched="cosine",
    epochs=15,
    batch_size=64,
    weight_decay=0.1,
    warmup_epochs=1,
    augment="shift",
    expect=Expect("accuracy", 0.98, "the project's own floor"),
)

RECIPES = ModelRecipes(
    recipes=(
        _DIGITS,
        # The user's images and all others without a recipe of their own.
        replace(_DIGITS, dataset="images", lr=0.05, weight_decay=1e-4, expect=None),
        # 64,000 steps, the rate divided by 10 after 32,000 and 48,000.
        Recipe(
            "resnet",
            "cifar10",
            m={"depth": 20},
            opt="momentum",
            lr=0.1,
            sched="step",
            step_at=(82, 123),
            epochs=164,
            batch_size=128,
            weight_decay=1e-4,
            augment="shift=0.125+flip",
            expect=Expect("accuracy", 0.9125, "He et al. 2015, table 6: an error of 8.75 % with 20 layers"),
        ),
        # After Page, "How to train your ResNet" (2018), whose length, batch, rates and weight decay it has, and
        # airbench (Jordan 2024, arXiv:2404.00498), whose label smoothing it has.
        Recipe(
            "resnet",
            "cifar10",
            variant="fast",
            m={"depth": 14, "width": 64},
            opt="nesterov",
            lr=0.4,
            sched="onecycle",
            warmup_epochs=5,
            epochs=24,
            batch_size=512,
            weight_decay=5e-4,
            label_smoothing=0.2,
            augment="shift=0.125+flip",
            dtype="bf16",
            expect=Expect(
                "accuracy", 0.94, "Page 2018 and airbench (Jordan 2024) reach 94 % with networks of their own"
            ),
        ),
    ),
    kinds=("image",),
    general="images",
)
