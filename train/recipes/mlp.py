"""Multi-layer perceptron: on images, tables, points; Nielsen's first network among them."""

from ..config.recipe import Expect, ModelRecipes, Recipe

_TABLE = {
    "m": {"hidden": (64, 32), "dropout": 0.1}, "opt": "adamw", "lr": 1e-3, "sched": "cosine", "epochs": 30,
    "batch_size": 32, "weight_decay": 1e-2,
}  # fmt: skip

RECIPES = ModelRecipes(
    recipes=(
        Recipe(
            "mlp",
            "digits",
            m={"hidden": (256, 128), "dropout": 0.3},
            opt="adamw",
            lr=4e-3,
            sched="cosine",
            epochs=40,
            weight_decay=1e-2,
            expect=Expect("accuracy", 0.975, "the project's own floor"),
        ),
        Recipe(
            "mlp",
            "iris",
            m={"hidden": (16,)},
            opt="adamw",
            lr=1e-2,
            sched="cosine",
            epochs=100,
            batch_size=16,
            weight_decay=1.0,
            expect=Expect("accuracy", 0.95, "multi-layer perceptrons of scikit-learn reach 0.96 over 5 folds"),
        ),
        Recipe(
            "mlp",
            "spiral",
            m={"hidden": (64, 64)},
            opt="adam",
            lr=1e-2,
            sched="cosine",
            epochs=200,
            batch_size=32,
            expect=Expect("accuracy", 0.97, "the project's own floor"),
        ),
        Recipe(
            "mlp", "diabetes", m={"hidden": (16,)}, opt="adamw", lr=3e-3, epochs=60, batch_size=32, weight_decay=1.0
        ),
        Recipe(
            "mlp",
            "mnist",
            m={"hidden": (512, 256), "dropout": 0.2},
            opt="adamw",
            lr=1e-3,
            sched="cosine",
            epochs=15,
            batch_size=128,
            weight_decay=1e-2,
            expect=Expect("accuracy", 0.983, "the project's own floor"),
        ),
        Recipe(
            "mlp",
            "mnist",
            variant="nielsen",
            m={"hidden": (30,), "activation": "sigmoid"},
            d={"train_examples": 50000},
            opt="sgd",
            lr=3.0,
            epochs=30,
            batch_size=10,
            normalize="unit",
            loss="quadratic",
            expect=Expect("accuracy", 0.9472, "Nielsen, Neural Networks and Deep Learning, ch. 1: 95.42 % at best"),
        ),
        *(Recipe("mlp", name, **_TABLE) for name in ("table", "table_values", "table_labels")),
    ),
)
