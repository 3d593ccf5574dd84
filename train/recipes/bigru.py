"""Bidirectional GRU: tags that only the future tells, images by rows."""

from ..recipe import Book, Expect, Recipe

_FLOOR = "the project's own floor"

BOOK = Book(
    recipes=(
        Recipe(
            "bigru",
            "future",
            m={"width": 32},
            opt="adam",
            lr=0.01,
            sched="onecycle",
            epochs=8,
            batch_size=100,
            clip_grad=1.0,
            expect=Expect("accuracy", 0.99, _FLOOR),
        ),
        Recipe(
            "bigru",
            "digits",
            m={"width": 128},
            opt="adamw",
            lr=0.004,
            sched="onecycle",
            epochs=40,
            batch_size=64,
            weight_decay=0.01,
            clip_grad=1.0,
            expect=Expect("accuracy", 0.97, _FLOOR),
        ),
    ),
    kinds=("image", "sequence", "series"),
    tasks=("binary", "multiclass", "regression", "tagging"),
)
