"""Materialised arrays: a fusion barrier that keeps XLA on CPU from recomputing the inputs of convolutions.

The filter gradient of a convolution reads its input through a transpose. XLA fuses the whole computation of the input,
back through several blocks of a residual network, into that transpose and recomputes it with strides that miss the
cache (python -m benchmarks.lowerings --only materialised). XLA removes `lax.optimization_barrier` before fusion, but
keeps a loop with an unknown trip count. The loop here never runs: its trip count is 1 only if a weight is NaN.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero

__all__ = ["materialised", "saved_materialised"]


@jax.custom_jvp
def saved_materialised(x: Array, unknown: Array) -> Array:
    """Returns x unchanged; under differentiation with respect to x the value is `materialised`.

    >>> import jax, jax.numpy as jnp
    >>> jax.grad(lambda x: (saved_materialised(x, x) ** 2).sum())(jnp.array([3.0])).tolist()
    [6.0]
    """
    del unknown
    return x


@jax.custom_jvp
def materialised(x: Array, unknown: Array) -> Array:
    """Returns x unchanged, as an array in memory that XLA on CPU does not recompute.

    Args:
        x: floating-point array of any shape.
        unknown: array unknown at compile time, such as the weights; its first element sets the trip count.
    """
    return lax.platform_dependent(x, unknown, cpu=_behind_a_loop, default=lambda x, unknown: x)


def _differentiated(primals, tangents):
    # Input data has no tangent: it is cheap to recompute, and instantiated zeros would be convolved needlessly.
    constant = isinstance(tangents[0], SymbolicZero)
    return primals[0] if constant else materialised(*primals), tangents[0]


saved_materialised.defjvp(_differentiated, symbolic_zeros=True)
materialised.defjvp(_differentiated, symbolic_zeros=True)


def _behind_a_loop(x: Array, unknown: Array) -> Array:
    end = jnp.isnan(unknown.ravel()[0]).astype(jnp.int32)

    def body(carry):
        i, x = carry
        return i + 1, jnp.where(i == end, -x, x)  # always x, as i < end: the compiler cannot deduce it

    return lax.while_loop(lambda carry: carry[0] < end, body, (jnp.int32(0), x))[1]
