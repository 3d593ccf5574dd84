"""Transformer: images by patches, sequences, series, language."""

from dataclasses import replace

from ..config.recipe import Expect, ModelRecipes, Recipe
from ._sequences import FLOOR

_IMAGES = Recipe(
    "transformer",
    "digits",
    m={"positions": "learned", "dropout": 0.1},
    opt="adamw",
    lr=3e-3,
    sched="onecycle",
    epochs=30,
    batch_size=64,
    weight_decay=1e-2,
    clip_grad=1.0,
    expect=Expect("accuracy", 0.97, FLOOR),
)
_TOKENS = replace(_IMAGES, dataset="reverse", m={"positions": "sinusoidal"}, batch_size=100, epochs=10, weight_decay=0)
_TEXT = Recipe(
    "transformer",
    "text",
    trainer="language",
    m={"causal": True, "width": 128, "depth": 4, "dropout": 0.1},
    opt="muon",
    lr=4e-3,
    sched="cosine",
    warmup_epochs=0.2,
    epochs=8,
    batch_size=16,
    weight_decay=0.05,
    clip_grad=1.0,
    expect=Expect("bpc", 2.32, "markov, the best n-gram up to 5: 2.322", at_most=True),
)
_SERIES = replace(
    _IMAGES, dataset="sine", m={"causal": True}, epochs=20, expect=Expect("rmse", 0.12, FLOOR, at_most=True)
)

RECIPES = ModelRecipes(
    recipes=(
        _IMAGES,
        replace(
            _IMAGES,
            dataset="mnist",
            m={"positions": "learned", "dropout": 0.1, "patch": 4},
            epochs=10,
            batch_size=128,
            expect=Expect("accuracy", 0.97, FLOOR),
        ),
        replace(_TOKENS, expect=Expect("accuracy", 1.0, "every letter of every word")),
        replace(_TOKENS, dataset="sort", expect=Expect("accuracy", 1.0, "every letter of every word")),
        _TEXT,
        replace(_TEXT, dataset="tinyshakespeare", epochs=3, expect=Expect("nats", 1.65, FLOOR, at_most=True)),
        _SERIES,
        replace(_SERIES, dataset="mackey_glass", expect=Expect("rmse", 0.02, FLOOR, at_most=True)),
    ),
    kinds=("image", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "regression", "tagging", "language"),
)
