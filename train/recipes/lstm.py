"""LSTM: images by rows, memory, language."""

from ..recipe import Book, Expect
from ._sequences import FLOOR, recipes

BOOK = Book(
    recipes=recipes(
        "lstm",
        digits=Expect("accuracy", 0.97, FLOOR),
        mnist=Expect("accuracy", 0.987, FLOOR),
        adding=Expect("mse", 0.01, FLOOR, at_most=True),
        copy=None,
        future=None,
        text=Expect("bpc", 2.32, "markov, the best n-gram up to 5: 2.322", at_most=True),
        tinyshakespeare=None,
        sine=Expect("rmse", 0.12, FLOOR, at_most=True),
        mackey_glass=Expect("rmse", 0.02, FLOOR, at_most=True),
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language"),
)
