"""`jax.jit` for whole programs, told of what XLA's defaults cost on the CPU."""

from collections.abc import Callable
from typing import Any

import jax
from jaxlib.version import __version__ as jaxlib_version

from .jaxpr import loop_matmul_sizes

__all__ = ["compiler_options", "jit", "jit_once"]

# jaxlib 0.10 gives convolutions to YNNPACK, where those of a residual network take up to twice as long as with XLA's
# own (python -m benchmarks.lowerings --only ynnpack). 0.12 gives them there as well and loses nothing by it.
_SLOW = "0.10."
# Nor does YNNPACK pay for the small products of a recurrent network, one after another (--only products), but it does
# for large ones: up to so many multiplications a product is small.
_SMALL = 2**24
_OPTION = "xla_cpu_experimental_ynn_fusion_type"
_WITHOUT_CONVOLUTION = {_OPTION: "LIBRARY_FUSION_TYPE_REDUCE,LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"}
_WITHOUT_PRODUCTS = {_OPTION: "LIBRARY_FUSION_TYPE_REDUCE"}
_LESS = {"xla_backend_optimization_level": 1}


def jit(f: Callable, *, program: Any = None, **arguments: Any) -> Callable:
    """`jax.jit(f, **arguments)` with `compiler_options(program)`, which jax allows outermost programs alone."""
    return jax.jit(f, compiler_options=compiler_options(program), **arguments)


def jit_once(f: Callable, **arguments: Any) -> Callable:
    """`jax.jit(f, **arguments)` for a program that runs once, so that compiling it is what takes the time.

    On the CPU LLVM optimises less. Of random numbers that fill parameters most of the time went there, and the program
    was no quicker for it (`python -m benchmarks.lowerings --only init`).
    """
    less = jax.default_backend() == "cpu" and not jax.config.read("jax_disable_most_optimizations")  # that is less yet
    return jax.jit(f, compiler_options=_LESS if less else None, **arguments)


def compiler_options(program: Any = None) -> dict[str, str] | None:
    """What to give `jax.jit` as `compiler_options` on the devices that jax uses here.

    Args:
        program: what is to be compiled, or its larger part, as `jax.make_jaxpr` traces it; None if that is not known.

    >>> import jax
    >>> double = jax.jit(lambda x: 2 * x, compiler_options=compiler_options())
    >>> int(double(21))
    42
    """
    if jax.default_backend() != "cpu" or not jaxlib_version.startswith(_SLOW):
        return None
    products = [] if program is None else loop_matmul_sizes(program)
    return _WITHOUT_PRODUCTS if products and max(products) <= _SMALL else _WITHOUT_CONVOLUTION
