"""What recurrent models with an external memory share: the interface of the controller, and a learned first carry."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from .layers import Cell, Layer
from .layers.initializers import normal
from .layers.precision import promote_float32

__all__ = ["parts", "split", "start"]

_SPREAD = 0.1  # of the first values that are learned

Shapes = Mapping[str, tuple[int, ...]]


def parts(sizes: Shapes) -> int:
    """Returns how many numbers an interface has.

    >>> parts({"key": (2, 3), "gate": (2,)})
    8
    """
    return sum(map(prod, sizes.values()))


def split(y: jax.Array, sizes: Shapes) -> dict[str, jax.Array]:
    """Splits the outputs of a layer (batch, numbers) into the parts of an interface, float32 (batch, ...)."""
    found, at = {}, 0
    for name, shape in sizes.items():
        found[name] = promote_float32(y[:, at : at + prod(shape)]).reshape(-1, *shape)
        at += prod(shape)
    return found


def start(
    core: Layer, width: int, learned: Mapping[str, tuple[tuple[int, ...], Callable]], fixed: Mapping[str, Any]
) -> Cell:
    """Builds a cell from a layer of one step, with a carry before the first step that is learned in part.

    Args:
        core: layer from `(carry, x_t)` to `(carry, y_t)`; the carry is a dict, its `controller` that of an LSTM.
        width: hidden units of the controller.
        learned: shape of the learned parts of the carry, without the batch axis, and the function of the parameters
            that gives them; the parameters have the name `first`.
        fixed: values of the other parts, without the batch axis.
    """

    def carry(params, x_t):
        batch = x_t.shape[0]
        made = {name: of(promote_float32(params["first"][name])) for name, (_, of) in learned.items()} | dict(fixed)
        made = {name: jnp.broadcast_to(value, (batch, *value.shape)) for name, value in made.items()}
        zeros = jnp.zeros((batch, width), jnp.promote_types(x_t.dtype, jnp.float32))
        return made | {"controller": (zeros, zeros)}

    def init(key, x):
        keys = [jax.random.fold_in(key, i) for i in range(len(learned) + 1)]
        first = {
            name: normal(_SPREAD)(own, shape) for own, (name, (shape, _)) in zip(keys[1:], learned.items(), strict=True)
        }
        before = carry({"first": first}, x[1]) if x[0] is None else x[0]
        params, state = core.init(keys[0], (before, x[1]))
        return params | {"first": first}, state

    def apply(params, state, x, key=None):
        before, x_t = x
        own = {name: value for name, value in params.items() if name != "first"}
        return core.apply(own, state, (carry(params, x_t) if before is None else before, x_t), key)

    return Cell(init, apply, carry)
