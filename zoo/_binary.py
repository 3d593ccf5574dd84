"""Binary examples of grey values from 0 to 1."""

import jax

__all__ = ["binary"]


def binary(x: jax.Array, how: str, key: jax.Array | None) -> jax.Array:
    """Returns 0 or 1 for values from 0 to 1.

    Args:
        x: values (batch, ...).
        how: threshold, 1 above 0.5; random, 1 with the value as probability.
        key: random key; None: one draw for all examples, the same for every call.
    """
    if how == "threshold":
        return (x > 0.5).astype(x.dtype)
    shape, key = (x.shape[1:], jax.random.key(0)) if key is None else (x.shape, key)
    return (x > jax.random.uniform(key, shape)).astype(x.dtype)
