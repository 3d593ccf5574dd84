"""Reads the recipes of a model of another package or file from its module's text, so that help needs no jax."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from zoo import _catalogue

from ..errors import BadInput
from .recipe import Expect, ModelRecipes, Recipe

__all__ = ["outside_recipes"]

_MAKERS: Mapping[str, Callable[..., Any]] = {"Expect": Expect, "ModelRecipes": ModelRecipes, "Recipe": Recipe}
_ANY = ModelRecipes(
    recipes=(),
    kinds=("image", "table", "points", "sequence", "text", "series"),
    tasks=("binary", "multiclass", "multilabel", "regression", "tagging", "language", "generation"),
)  # a model without recipes is refused nothing


def outside_recipes(model: str) -> ModelRecipes:
    """Returns what the module of a model assigns to RECIPES, with the model's full name in every recipe.

    Args:
        model: name of a model that is not the zoo's own.

    Raises:
        BadInput: if the module cannot be read, or RECIPES is not made of `ModelRecipes`, `Recipe`, `Expect` and
            literals.
    """
    try:
        tree = _catalogue.tree(model)
    except ValueError as error:
        raise BadInput(str(error)) from None
    value = next((node.value for node in tree.body if _assigns_recipes(node)), None)
    if value is None:
        return _ANY
    try:
        found = _evaluate(value)
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"RECIPES of {model} cannot be read: {error}; it must be written as in zoo/train/recipes, with "
            "ModelRecipes, Recipe, Expect and literals"
        ) from None
    if not isinstance(found, ModelRecipes):
        raise BadInput(f"RECIPES of {model} must be a ModelRecipes, got {type(found).__name__}")
    return replace(found, recipes=tuple(replace(each, model=model) for each in found.recipes))


def _assigns_recipes(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(each, ast.Name) and each.id == "RECIPES" for each in targets)


def _evaluate(node: ast.expr) -> Any:
    """Evaluates literals, containers of them and calls of the three classes; nothing else is run."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in _MAKERS or any(each.arg is None for each in node.keywords):
            raise ValueError(f"line {node.lineno} has {ast.unparse(node)[:60]!r}")
        keywords = {str(each.arg): _evaluate(each.value) for each in node.keywords}
        return _MAKERS[name](*map(_evaluate, node.args), **keywords)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(map(_evaluate, node.elts))
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"line {node.lineno} has {ast.unparse(node)[:60]!r}") from None
