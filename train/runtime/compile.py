"""`jax.jit` for whole programs, with compiler options where XLA's defaults are slow on the CPU."""

from collections.abc import Callable
from typing import Any

import jax
from jaxlib.version import __version__ as jaxlib_version

from .jaxpr import loop_matmul_sizes

__all__ = ["compiler_options", "jit", "jit_once"]

# jaxlib 0.10 runs convolutions in YNNPACK, where those of a residual network take up to twice as long as in XLA
# (python -m benchmarks.lowerings --only ynnpack). 0.12 does so as well and is not slower.
_SLOW = "0.10."
# YNNPACK is also slower for the small matrix products of a recurrent network (--only products), but faster for large
# ones: a product of at most this many multiplications is small.
_SMALL = 2**24
_OPTION = "xla_cpu_experimental_ynn_fusion_type"
_WITHOUT_CONVOLUTION = {_OPTION: "LIBRARY_FUSION_TYPE_REDUCE,LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"}
_WITHOUT_PRODUCTS = {_OPTION: "LIBRARY_FUSION_TYPE_REDUCE"}
_LESS = {"xla_backend_optimization_level": 1}


def jit(f: Callable, *, program: Any = None, **arguments: Any) -> Callable:
    """Returns `jax.jit(f, **arguments)` with `compiler_options(program)`; for outermost programs only."""
    return jax.jit(f, compiler_options=compiler_options(program), **arguments)


def jit_once(f: Callable, **arguments: Any) -> Callable:
    """Returns `jax.jit(f, **arguments)` for a program that runs once, whose time is mostly compilation.

    On the CPU LLVM optimises less. Random initialisation spent most of its time there, and was no faster for it
    (`python -m benchmarks.lowerings --only init`).
    """
    less = jax.default_backend() == "cpu" and not jax.config.read("jax_disable_most_optimizations")  # even less
    return jax.jit(f, compiler_options=_LESS if less else None, **arguments)


def compiler_options(program: Any = None) -> dict[str, str] | None:
    """Returns the `compiler_options` of `jax.jit` for the devices that jax uses.

    Args:
        program: Program to compile, or its larger part, as traced by `jax.make_jaxpr`; None if unknown.

    >>> import jax
    >>> double = jax.jit(lambda x: 2 * x, compiler_options=compiler_options())
    >>> int(double(21))
    42
    """
    if jax.default_backend() != "cpu" or not jaxlib_version.startswith(_SLOW):
        return None
    products = [] if program is None else loop_matmul_sizes(program)
    return _WITHOUT_PRODUCTS if products and max(products) <= _SMALL else _WITHOUT_CONVOLUTION
