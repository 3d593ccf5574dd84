"""Training: `from zoo.train import recipe_for, run`; `run(recipe_for("cnn"))` is `python -m zoo.train --model cnn`.

Importing this package is light: the modules behind its names, some of which need jax, are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .callback import Callback as Callback
    from .config.recipe import Recipe as Recipe
    from .config.recipe import recipe_for as recipe_for
    from .config.run_options import RunOptions as RunOptions
    from .pipeline.stream import Stream as Stream
    from .runs.result import Result as Result
    from .runs.run import run as run

__all__ = ["Callback", "Recipe", "Result", "RunOptions", "Stream", "recipe_for", "run"]

_MODULES = {
    "Callback": "callback",
    "Recipe": "config.recipe",
    "Result": "runs.result",
    "RunOptions": "config.run_options",
    "Stream": "pipeline.stream",
    "recipe_for": "config.recipe",
    "run": "runs.run",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
