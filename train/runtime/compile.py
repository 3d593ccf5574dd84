"""`jax.jit` for whole programs, with compiler options where XLA's defaults are slow on the CPU.

The choice depends on the traced program alone, not on the version of jaxlib; a jaxlib without an option (0.7) has none
set. It was made from measurements of a few programs of the zoo on one machine, and need not be the fastest elsewhere:
`python -m benchmarks.lowerings --only options` measures it against the others on the installed version. There is no
probe of speed: its noise could change the choice, and with it the bits, between a run and its resumption on the same
machine.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax

from .jaxpr import CONVOLUTION, loop_matmul_sizes, primitives

__all__ = ["OFFLOADED", "compiler_options", "jit", "jit_once", "offloading"]

OFFLOADED = ("REDUCE", "INDIVIDUAL_DOT", "INDIVIDUAL_CONVOLUTION")
"""Operations that are compiled by YNNPACK by default in jaxlib 0.10 and 0.12."""

# A product of at most this many multiplications is small: in a recurrent network XLA's own code is then faster than
# YNNPACK's.
_SMALL = 2**24
_OPTION, _NO_OPTION = "xla_cpu_experimental_ynn_fusion_type", "xla_no_such_option"
_LESS = {"xla_backend_optimization_level": 1}
_EMITTERS = "xla_cpu_use_fusion_emitters"


def jit(f: Callable, *, program: Any = None, **arguments: Any) -> Callable:
    """Returns `jax.jit(f, **arguments)` with `compiler_options`; for outermost programs only.

    Args:
        f: function of positional arguments.
        program: its larger part as traced by `jax.make_jaxpr`, without the loop over training steps; None: the first
            call traces f.
        **arguments: arguments of `jax.jit`.

    >>> int(jit(lambda x: 2 * x)(21))
    42
    """
    if program is not None:
        return jax.jit(f, compiler_options=compiler_options(program), **arguments)
    made = None

    def run(*given):
        nonlocal made
        if made is None:
            made = jit(f, program=jax.jit(f, **arguments).trace(*given).jaxpr, **arguments)
        return made(*given)

    return run


def jit_once(f: Callable, **arguments: Any) -> Callable:
    """Returns `jax.jit(f, **arguments)` for a program that runs once, whose time is mostly compilation.

    On the CPU LLVM optimises less, and gets code without XLA's emitters of fusions, which takes a third less time to
    compile. Random initialisation spent most of its time there, and was no faster for it
    (`python -m benchmarks.lowerings --only init`).
    """
    less = jax.default_backend() == "cpu" and not jax.config.read("jax_disable_most_optimizations")  # even less
    plain = {_EMITTERS: False} if less and _known(_EMITTERS, "false") else {}
    return jax.jit(f, compiler_options=_LESS | plain if less else None, **arguments)


def compiler_options(program: Any = None) -> dict[str, str | bool] | None:
    """Returns the `compiler_options` of `jax.jit` for the devices that jax uses; None: XLA's defaults.

    Convolutions stay in XLA's own code, and so do the products of a program whose loops have only small ones, as those
    of a recurrent network.

    Args:
        program: Program to compile, or its larger part, as traced by `jax.make_jaxpr`; None if unknown.

    >>> import jax
    >>> double = jax.jit(lambda x: 2 * x, compiler_options=compiler_options())
    >>> int(double(21))
    42
    """
    if jax.default_backend() != "cpu":
        return None
    products = [] if program is None else loop_matmul_sizes(program)
    small = bool(products) and max(products) <= _SMALL
    convolves = program is None or CONVOLUTION in primitives(program)
    own = {"INDIVIDUAL_DOT": small, "INDIVIDUAL_CONVOLUTION": convolves}
    if not any(own.values()):
        return None
    return offloading(*(each for each in OFFLOADED if not own.get(each)))


def offloading(*operations: str) -> dict[str, str | bool] | None:
    """Returns the options by which YNNPACK compiles these operations and no others; None if this jaxlib has none such.

    >>> offloading("NO_SUCH_OPERATION") is None
    True
    """
    value = ",".join(f"LIBRARY_FUSION_TYPE_{each}" for each in operations)
    return {_OPTION: value} if _known(_OPTION, value) else None


@cache
def _known(option: str, value: str) -> bool:
    """Returns whether this jaxlib has an option with that value; nothing is compiled.

    The compiler reports the first option that does not exist, and the second one here exists in no version.
    """
    try:
        jax.jit(lambda: 0, compiler_options={option: value, _NO_OPTION: "1"}).lower().compile()
    except RuntimeError as error:
        return _NO_OPTION in str(error)
    return True
