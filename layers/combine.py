"""How pairs join. `compose` is the only place that threads parameters, state, keys and names; all else stands on it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .base import Joined, Layer, as_layer, describe

try:
    from jax.extend.core import get_opaque_trace_state as _trace_state  # pyright: ignore[reportAttributeAccessIssue]
except ImportError:  # before jax 0.8 it lived elsewhere
    from jax.core import get_opaque_trace_state as _trace_state  # pyright: ignore[reportAttributeAccessIssue]

__all__ = ["compose", "parallel", "residual", "serial"]

# A part that is called again needs a key of its own. Positions stay below this, turns are multiples of it.
_TURN = 1 << 16


def compose(forward: Callable, /, **parts: Layer | Callable) -> Layer:
    """Makes a layer of parts and of the wiring between them.

    Parameters and state are dicts keyed by the parts' names; parts that hold nothing leave no entry. A part
    that is called twice shares its parameters and gets two keys. Each part's key depends on its position
    alone, so that a part added at the end changes no other part's noise.

    Args:
        forward: `(call, x) -> y`, where `call(name, x)` runs the part of that name. It is traced by jax, so
            `call` must stand outside `lax.scan`, `lax.cond`, `vmap` and the like.
        **parts: layers, or plain functions of x.

    Raises:
        ValueError: at init, if `forward` never calls one of the parts or calls one that does not exist.

    >>> from zoo.layers import compose, dense, relu
    >>> tied = compose(lambda call, x: call("a", relu(call("a", x))), a=dense(3))
    >>> params, state = tied.init(jax.random.key(0), jnp.ones((2, 3)))
    >>> jax.tree.map(jnp.shape, params)
    {'a': {'b': (3,), 'w': (3, 3)}}
    """
    layers = {name: _as_part(name, part) for name, part in parts.items()}
    position = {name: i for i, name in enumerate(layers)}

    def init(key, x):
        params, state = {}, {}

        def visit(name, layer, x, turn):
            if turn == 0:
                made = layer.init(jax.random.fold_in(key, position[name]), x)
                _keep(params, name, made[0])
                _keep(state, name, made[1])
            y, _ = jax.eval_shape(layer.apply, params.get(name, {}), state.get(name, {}), x)
            return _zeros(y)

        turns = _run(forward, layers, visit, _zeros(x))[1]
        if unused := [name for name in layers if not turns[name]]:
            raise ValueError(f"compose: forward never calls {', '.join(map(repr, unused))}; call it or leave it out")
        return params, state

    def apply(params, state, x, key=None):
        state = dict(state)

        def visit(name, layer, x, turn):
            own = None if key is None else jax.random.fold_in(key, position[name] + turn * _TURN)
            y, new = layer.apply(params.get(name, {}), state.get(name, {}), x, own)
            _keep(state, name, new)
            return y

        return _run(forward, layers, visit, x)[0], state

    return Joined(init, apply, lambda lift: compose(forward, **{name: lift(part) for name, part in layers.items()}))


def serial(*layers: Layer | Callable, **named: Layer | Callable) -> Layer:
    """Runs layers one after another; positional ones are named by their position, the others by their keyword.

    >>> from zoo.layers import dense, relu, serial
    >>> mlp = serial(dense(8), relu, head=dense(2))
    >>> params, state = mlp.init(jax.random.key(0), jnp.ones((5, 3)))
    >>> list(params), mlp.apply(params, state, jnp.ones((5, 3)))[0].shape
    (['0', 'head'], (5, 2))
    """
    parts = {str(i): layer for i, layer in enumerate(layers)} | named

    def forward(call, x):
        for name in parts:
            x = call(name, x)
        return x

    return compose(forward, **parts)


def residual(*layers: Layer | Callable, shortcut: Layer | Callable = lambda x: x) -> Layer:
    """Adds what the layers give to what they were given: `shortcut(x) + body(x)` (He et al. 2015).

    Args:
        *layers: the body, run in series.
        shortcut: what the input passes through, by default nothing; a projection where the shapes differ.
    """

    def forward(call, x):
        kept, y = call("shortcut", x), call("body", x)
        if kept.shape != y.shape:
            raise ValueError(
                f"residual: the body turns {describe(x)} into {describe(y)}, which cannot be added to the "
                f"shortcut's {describe(kept)}; give residual a shortcut= that projects it"
            )
        return kept + y

    return compose(forward, body=serial(*layers), shortcut=shortcut)


def parallel(
    *layers: Layer | Callable,
    join: Callable = lambda ys: jnp.concatenate(ys, axis=-1),
    **named: Layer | Callable,
) -> Layer:
    """Runs every layer on the same input and joins what they give, by default side by side in the last axis.

    Args:
        *layers: branches, named by their position.
        join: `(list of outputs) -> y`; `sum` adds them, `tuple` gives them back as they are.
        **named: branches with names of their own.
    """
    parts = {str(i): layer for i, layer in enumerate(layers)} | named
    return compose(lambda call, x: join([call(name, x) for name in parts]), **parts)


def _run(forward, layers, visit, x):
    """Runs the wiring once; gives its result and how often each part was called."""
    turns = dict.fromkeys(layers, 0)
    here = _trace_state()

    def call(name, x):
        if name not in layers:
            raise ValueError(f"compose: there is no part {name!r}; the parts are {', '.join(layers)}")
        if _trace_state() != here:
            raise ValueError(
                f"compose: call({name!r}, ...) stands inside another jax transformation (lax.scan, vmap, checkpoint), "
                "where its state and keys would be lost; apply the transformation to the layer instead, "
                "for recurrence with zoo.layers.scan"
            )
        turns[name] += 1
        try:
            return visit(name, layers[name], x, turns[name] - 1)
        except Exception as error:
            _locate(error, name, x)
            raise

    return forward(call, x), turns


def _locate(error: Exception, name: str, x: Any) -> None:
    """Notes on the error where it happened: each level puts its part's name before those below it (PEP 678)."""
    path, given = getattr(error, "_layer", ("", describe(x)))
    path = f"{name}/{path}".rstrip("/")
    error._layer = path, given  # pyright: ignore[reportAttributeAccessIssue]
    others = [note for note in getattr(error, "__notes__", []) if not note.startswith("In layer ")]
    error.__notes__ = [*others, f"In layer {path}, given {given}"]


def _as_part(name: str, part: Any) -> Layer:
    try:
        return as_layer(part)
    except TypeError as error:
        raise TypeError(f"part {name!r}: {error}") from None


def _keep(tree: dict, name: str, value: Any) -> None:
    if jax.tree.leaves(value):
        tree[name] = value


def _zeros(x: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), x)
