"""The `Layer` type: a pair of pure functions, `init` and `apply`, of which every layer and model consists.

params, state = layer.init(key, x)              # depends only on x.shape and x.dtype
y, state = layer.apply(params, state, x, key)   # training: with a key
y, _ = layer.apply(params, state, x)            # inference: without a key
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

__all__ = ["Composite", "Layer", "as_layer", "describe", "stateless"]


class Layer(NamedTuple):
    """Layer or model: a pair of pure functions over plain nested dicts of arrays.

    Attributes:
        init: `(key, x) -> (params, state)`. Depends only on the shape and dtype of the example `x`.
        apply: `(params, state, x, key=None) -> (y, state)`. With a key it runs in training mode (dropout is active,
            batch norm updates its statistics); without one in inference mode, which never changes the state.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]


class Composite(Layer):
    """Layer composed of other layers, whose parts can be transformed.

    Attributes:
        map_parts: `transform -> Layer`: rebuilds the layer from its parts, each of them transformed, in their order.
        names: names of the parts in that order; (): a wrapper, whose one part has no name of its own.
    """

    map_parts: Callable[[Callable[[Layer], Layer]], Layer]
    names: tuple[str, ...]

    def __new__(cls, init: Callable, apply: Callable, map_parts: Callable, names: tuple[str, ...] = ()):
        """Creates the layer; see the class for the arguments."""
        layer = super().__new__(cls, init, apply)
        layer.map_parts, layer.names = map_parts, names
        return layer


def stateless(init: Callable, apply: Callable) -> Layer:
    """Builds a Layer from functions without state or randomness.

    Args:
        init: `(key, x) -> params`.
        apply: `(params, x) -> y`.

    >>> import jax, jax.numpy as jnp
    >>> scale = stateless(lambda key, x: {"s": jnp.ones(x.shape[-1])}, lambda params, x: params["s"] * x)
    >>> params, state = scale.init(jax.random.key(0), jnp.ones((2, 3)))
    >>> scale.apply(params, state, jnp.ones((2, 3)))[0].shape
    (2, 3)
    """
    return Layer(
        init=lambda key, x: (init(key, x), {}),
        apply=lambda params, state, x, key=None: (apply(params, x), state),
    )


def as_layer(part: Layer | Callable) -> Layer:
    """Converts to a Layer: a Layer is returned unchanged, a plain function of x becomes one without parameters.

    Of other tuples with the fields `init` and `apply` (`Players`), these two are taken.

    Args:
        part: a Layer, or a function of x such as `relu`.

    Raises:
        TypeError: if `part` is neither.
    """
    if isinstance(part, Layer):
        return part
    if isinstance(part, tuple) and hasattr(part, "init") and hasattr(part, "apply"):
        return Layer(part.init, part.apply)  # pyright: ignore[reportAttributeAccessIssue]
    if callable(part):
        return stateless(lambda key, x: {}, lambda params, x: part(x))
    raise TypeError(f"expected a Layer or a function of x, got {part!r} of type {type(part).__name__}")


def describe(x: Any) -> str:
    """Formats the dtype and shape of an array, or of every array in a pytree, for messages.

    >>> import jax.numpy as jnp
    >>> describe((jnp.zeros((4, 28, 28, 1)), jnp.zeros(4, "int32")))
    '(float32[4,28,28,1], int32[4])'
    """

    def one(leaf: Any) -> str:
        if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
            return type(leaf).__name__
        return f"{leaf.dtype}[{','.join(map(str, leaf.shape))}]"

    leaves = jax.tree.leaves(x)
    if len(leaves) == 1 and leaves[0] is x:
        return one(x)
    return f"({', '.join(map(one, leaves))})"
