"""Deep convolutional GAN on small images."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe

_MNIST = Recipe(
    "dcgan",
    "mnist",
    trainer="adversarial",
    m={"hidden": (256,)},
    epochs=12,
    lr=5e-4,
    sched="cosine",
    momentum=0.5,
    ema=0.999,
    normalize="symmetric",
    expect=Expect("classifier_score", 8.5, "the project's own floor"),
)

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "dcgan",
            "digits",
            trainer="adversarial",
            m={"latent": 32, "hidden": (64,)},
            epochs=65,
            lr=1e-3,
            momentum=0.5,
            t={"d_lr": 3e-4},  # as fast as the generator, it won for good with some seeds; rates: Heusel et al. 2017
            ema=0.995,
            normalize="symmetric",
            expect=Expect("frechet", 0.1, "the project's own ceiling; untrained: 1.5", at_most=True),
        ),
        _MNIST,
        replace(_MNIST, dataset="fashion_mnist", expect=None),
    ),
    kinds=("image",),
)
