"""Inspects traced programs: their primitives and matrix products decide how they are compiled on the CPU."""

from collections.abc import Iterator
from math import prod
from typing import Any

import jax

__all__ = ["CONVOLUTION", "LOOPS", "loop_matmul_sizes", "primitives"]

CONVOLUTION = "conv_general_dilated"
LOOPS = ("scan", "while")
"""Names of primitives of jax."""


def primitives(jaxpr: Any) -> frozenset[str]:
    """Returns the names of all primitives of a traced program and of its inner programs.

    >>> import jax
    >>> sorted(primitives(jax.make_jaxpr(lambda x: x + 1)(1.0)))
    ['add']
    """
    names = {equation.primitive.name for equation in _equations(jaxpr)}
    return frozenset(names).union(*(primitives(each) for equation in _equations(jaxpr) for each in _inside(equation)))


def loop_matmul_sizes(jaxpr: Any) -> list[int]:
    """Returns the multiplications of each matrix product in the innermost loops, as in a recurrent network.

    >>> import jax, jax.numpy as jnp
    >>> def power(w):
    ...     return jax.lax.fori_loop(0, 3, lambda i, x: x @ w, w)
    >>> loop_matmul_sizes(jax.make_jaxpr(power)(jnp.ones((4, 4))))
    [64]
    """
    return [size for body in _innermost(jaxpr) for size in _products(body)]


def _innermost(jaxpr: Any) -> Iterator[Any]:
    for equation in _equations(jaxpr):
        inside = list(_inside(equation))
        deeper = [body for each in inside for body in _innermost(each)]
        yield from deeper or (inside if equation.primitive.name in LOOPS else ())


def _products(jaxpr: Any) -> Iterator[int]:
    for equation in _equations(jaxpr):
        if equation.primitive.name == "dot_general":
            (over, _), _ = equation.params["dimension_numbers"]
            yield equation.outvars[0].aval.size * prod(equation.invars[0].aval.shape[axis] for axis in over)
        for inside in _inside(equation):
            yield from _products(inside)


def _equations(jaxpr: Any) -> Any:
    return getattr(jaxpr, "jaxpr", jaxpr).eqns


def _inside(equation: Any) -> Iterator[Any]:
    """Returns the programs that an equation calls."""
    is_program = lambda value: hasattr(getattr(value, "jaxpr", value), "eqns")  # noqa: E731
    return filter(is_program, jax.tree.leaves(list(equation.params.values()), is_leaf=is_program))
