"""The same function without what converters do not know: other lowerings by platform, barriers, rules for gradients."""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Literal

__all__ = ["plain"]

_CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr",
          "custom_jvp_call": "call_jaxpr"}  # fmt: skip


def plain(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Makes a function of one array that computes the same by fewer kinds of operation.

    Where the platform decides what is computed, the form for any other platform is taken. Made for inference: the
    gradient is that of the operations, not that of a rule of their own.

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
    chosen = set()  # the variables that number the platform

    def read(atom):
        return atom.val if isinstance(atom, Literal) else values[atom]

    for step in jaxpr.eqns:
        given = [read(atom) for atom in step.invars]
        name = step.primitive.name
        if name == "platform_index":
            chosen.update(step.outvars)
            out = [len(step.params["platforms"]) - 1]
        elif name == "cond" and step.invars[0] in chosen:
            out = _evaluated(step.params["branches"][values[step.invars[0]]], given[1:])
        elif name == "optimization_barrier":
            out = given
        elif name in _CALLS:
            out = _evaluated(step.params[_CALLS[name]], given)
        else:
            if name == "conv_general_dilated":
                given, step = _usual_kernel(given, step)
            out = step.primitive.bind(*given, **step.params)
            out = out if step.primitive.multiple_results else [out]
        values.update(zip(step.outvars, out, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _usual_kernel(given: list, step: Any) -> tuple[list, Any]:
    """A convolution whose kernel has its axes in the usual order: space, inputs, outputs."""
    x, kernel = given
    numbers = step.params["dimension_numbers"]
    outputs, inputs, *space = numbers.rhs_spec
    axes = (*space, inputs, outputs)
    last = len(axes) - 1
    usual = numbers._replace(rhs_spec=(last, last - 1, *range(last - 1)))
    return [x, jax.lax.transpose(kernel, axes)], step.replace(params=step.params | {"dimension_numbers": usual})
