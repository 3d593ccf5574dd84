"""Recurrent network: images by rows, and what its memory is too short for."""

from ..recipe import Book, Expect
from ._sequences import FLOOR, recipes

BOOK = Book(
    recipes=recipes(
        "rnn",
        digits=Expect("accuracy", 0.95, FLOOR),
        mnist=None,
        adding=None,
        copy=None,
        future=None,
        text=None,
        tinyshakespeare=None,
        sine=None,
        mackey_glass=None,
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language"),
)
