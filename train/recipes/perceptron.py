"""The perceptron's own rule; the rate scales the weights and nothing else, for they begin at zero."""

from ..config.recipe import Book, Expect, Recipe

BOOK = Book(
    recipes=(
        Recipe(
            "perceptron",
            "digits",
            trainer="perceptron",
            lr=1.0,
            epochs=50,
            normalize="unit",
            expect=Expect("accuracy", 0.93, "scikit-learn's Perceptron on digits: 0.939"),
        ),
    ),
    tasks=("binary", "multiclass"),
)
