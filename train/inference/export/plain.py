"""Rewrites a function without primitives that converters lack: platform branches, barriers, custom gradients."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Literal

__all__ = ["plain"]

_CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr",
          "custom_jvp_call": "call_jaxpr"}  # fmt: skip


def plain(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Rewrites a function of one array with fewer primitives; its values stay the same.

    Of branches by platform the default one is used. For inference only: custom gradient rules are dropped.

    Args:
        function: function from one array to one array.

    >>> import jax.numpy as jnp
    >>> def f(x):
    ...     return jax.lax.platform_dependent(x, cpu=jnp.sin, default=lambda x: x + 1)
    >>> float(plain(f)(jnp.zeros(())))
    1.0
    """

    def run(x):
        closed = jax.make_jaxpr(function)(jax.ShapeDtypeStruct(x.shape, x.dtype))
        (y,) = _evaluated(closed, [x])
        return y

    return run


def _evaluated(closed: ClosedJaxpr, inputs: list) -> list:
    jaxpr, values = closed.jaxpr, {}
    values.update(zip(jaxpr.constvars, closed.consts, strict=True))
    values.update(zip(jaxpr.invars, inputs, strict=True))
    platforms = set()  # variables that hold the index of the platform

    def read(atom):
        return atom.val if isinstance(atom, Literal) else values[atom]

    for step in jaxpr.eqns:
        operands = [read(atom) for atom in step.invars]
        name = step.primitive.name
        if name == "platform_index":
            platforms.update(step.outvars)
            out = [len(step.params["platforms"]) - 1]
        elif name == "cond" and step.invars[0] in platforms:
            out = _evaluated(step.params["branches"][values[step.invars[0]]], operands[1:])
        elif name == "optimization_barrier":
            out = operands
        elif name in _CALLS:
            out = _evaluated(step.params[_CALLS[name]], operands)
        else:
            if name == "conv_general_dilated":
                operands, step = _standard_kernel(operands, step)
            out = step.primitive.bind(*operands, **step.params)
            out = out if step.primitive.multiple_results else [out]
        values.update(zip(step.outvars, out, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _standard_kernel(operands: list, step: Any) -> tuple[list, Any]:
    """Transposes the kernel of a convolution to the order space, inputs, outputs."""
    x, kernel = operands
    numbers = step.params["dimension_numbers"]
    outputs, inputs, *space = numbers.rhs_spec
    axes = (*space, inputs, outputs)
    last = len(axes) - 1
    standard = numbers._replace(rhs_spec=(last, last - 1, *range(last - 1)))
    return [x, jax.lax.transpose(kernel, axes)], step.replace(params=step.params | {"dimension_numbers": standard})
