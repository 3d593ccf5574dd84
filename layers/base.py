"""The pair: every layer and every model is two pure functions, one that makes it and one that runs it.

params, state = layer.init(key, x)              # reads only x.shape and x.dtype
y, state = layer.apply(params, state, x, key)   # a key: training
y, _ = layer.apply(params, state, x)            # no key: inference
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

__all__ = ["Joined", "Layer", "as_layer", "describe", "stateless"]


class Layer(NamedTuple):
    """A layer or model: a pair of pure functions over plain nested dicts of arrays.

    Attributes:
        init: `(key, x) -> (params, state)`. Reads only the shape and dtype of the example `x`.
        apply: `(params, state, x, key=None) -> (y, state)`. A key means training (dropout drops, batch
            norm learns its statistics); no key means inference, which never changes the state.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]


class Joined(Layer):
    """A Layer made of others, that can be made of them anew: this is how a lifter reaches every part.

    Attributes:
        rebuilt: `lift -> Layer`: the same layer of the same parts, each of them lifted.
    """

    rebuilt: Callable[[Callable[[Layer], Layer]], Layer]

    def __new__(cls, init: Callable, apply: Callable, rebuilt: Callable):
        """Makes the pair; see the class for the arguments."""
        layer = super().__new__(cls, init, apply)
        layer.rebuilt = rebuilt
        return layer


def stateless(init: Callable, apply: Callable) -> Layer:
    """Lifts a pair without state, key or mode to a Layer.

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
    """Gives back a Layer as it is and lifts a plain function of x (`relu`, `flatten`) to one without parameters.

    Of what is a pair and more (`Players`), the pair.

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
    """Says what an array, or a tree of arrays, is in the field's short form.

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
