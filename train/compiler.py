"""`jax.jit` for whole programs, told of what XLA's defaults cost on the CPU."""

from collections.abc import Callable
from typing import Any

import jax
from jaxlib.version import __version__ as jaxlib_version

__all__ = ["compiled", "compiled_for_once", "compiler_options"]

# jaxlib 0.10 gives convolutions to YNNPACK, where those of a residual network take up to twice as long as with XLA's
# own (python -m benchmarks.lowerings --only ynnpack). 0.12 gives them there as well and loses nothing by it.
_SLOW = "0.10."
_WITHOUT_CONVOLUTION = {
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_REDUCE,LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"
}
_LESS = {"xla_backend_optimization_level": 1}


def compiled(f: Callable, **arguments: Any) -> Callable:
    """`jax.jit(f, **arguments)` with `compiler_options()`, which jax allows outermost programs alone."""
    return jax.jit(f, compiler_options=compiler_options(), **arguments)


def compiled_for_once(f: Callable, **arguments: Any) -> Callable:
    """`jax.jit(f, **arguments)` for a program that runs once, so that compiling it is what takes the time.

    On the CPU LLVM optimises less. Of random numbers that fill parameters most of the time went there, and the program
    was no quicker for it (`python -m benchmarks.lowerings --only init`).
    """
    less = jax.default_backend() == "cpu" and not jax.config.read("jax_disable_most_optimizations")  # that is less yet
    return jax.jit(f, compiler_options=_LESS if less else None, **arguments)


def compiler_options() -> dict[str, str] | None:
    """What to give `jax.jit` as `compiler_options` on the devices that jax uses here, for programs that convolve.

    >>> import jax
    >>> double = jax.jit(lambda x: 2 * x, compiler_options=compiler_options())
    >>> int(double(21))
    42
    """
    slow = jax.default_backend() == "cpu" and jaxlib_version.startswith(_SLOW)
    return _WITHOUT_CONVOLUTION if slow else None
