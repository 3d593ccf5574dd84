"""Arrays that are computed once and read from memory after that, on the CPU, where XLA would compute them anew.

A convolution's filter gradient reads its input through a transpose, and XLA fuses into that transpose all that made the
input, back over several blocks of a residual network: computed anew, with strides that miss the cache each time
(python -m benchmarks.lowerings --only materialised). XLA expands `lax.optimization_barrier` before it fuses, but keeps
a loop whose end it cannot know. The one here never runs: its end is whether a weight is NaN.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero

__all__ = ["materialised", "saved_materialised"]


@jax.custom_jvp
def saved_materialised(x: Array, unknown: Array) -> Array:
    """Gives x back; where its gradient is asked for, what is saved for others' is `materialised`.

    >>> import jax, jax.numpy as jnp
    >>> jax.grad(lambda x: (saved_materialised(x, x) ** 2).sum())(jnp.array([3.0])).tolist()
    [6.0]
    """
    del unknown
    return x


@jax.custom_jvp
def materialised(x: Array, unknown: Array) -> Array:
    """Gives x back, from memory.

    Args:
        x: floats of any shape.
        unknown: what only a running program knows, such as the weights that x meets; a number of it ends the loop.
    """
    return lax.platform_dependent(x, unknown, cpu=_behind_a_loop, default=lambda x, unknown: x)


def _differentiated(primals, tangents):
    unasked = isinstance(tangents[0], SymbolicZero)  # of data: made of little, and zeros would be convolved for nothing
    return primals[0] if unasked else materialised(*primals), tangents[0]


saved_materialised.defjvp(_differentiated, symbolic_zeros=True)
materialised.defjvp(_differentiated, symbolic_zeros=True)


def _behind_a_loop(x: Array, unknown: Array) -> Array:
    end = jnp.isnan(unknown.ravel()[0]).astype(jnp.int32)

    def body(carry):
        i, x = carry
        return i + 1, jnp.where(i == end, -x, x)  # x, which the compiler cannot know either

    return lax.while_loop(lambda carry: carry[0] < end, body, (jnp.int32(0), x))[1]
