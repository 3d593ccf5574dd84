"""Evaluates an assignment of a module from its text: literals and calls of given classes, without importing it."""

import ast
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["assigned"]

_NONE: Mapping[str, Callable[..., Any]] = MappingProxyType({})


def assigned(tree: ast.Module, name: str, classes: Mapping[str, Callable[..., Any]] = _NONE) -> Any:
    """Returns the value that a module assigns to a name, None if it does not.

    Args:
        tree: syntax tree of the module.
        name: name of the variable.
        classes: what may be called in the value, by name; none by default.

    Raises:
        ValueError: if the value contains anything but literals, tuples, lists and calls of the classes.
        TypeError: if a class does not accept its arguments.

    >>> assigned(ast.parse("SIZES = (pair(1, 2), pair(3, imag=4))"), "SIZES", {"pair": complex})
    ((1+2j), (3+4j))
    """
    value = next((node.value for node in tree.body if _assigns(node, name)), None)  # pyright: ignore
    return None if value is None else _evaluate(value, classes)


def _assigns(node: ast.stmt, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(each, ast.Name) and each.id == name for each in targets)


def _evaluate(node: ast.expr, classes: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in classes or any(each.arg is None for each in node.keywords):
            raise ValueError(f"line {node.lineno} has {ast.unparse(node)[:60]!r}")
        keywords = {str(each.arg): _evaluate(each.value, classes) for each in node.keywords}
        return classes[name](*(_evaluate(each, classes) for each in node.args), **keywords)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_evaluate(each, classes) for each in node.elts)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"line {node.lineno} has {ast.unparse(node)[:60]!r}") from None
