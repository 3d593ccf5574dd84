"""Combinators of layers: `compose` threads parameters, state, keys and names; the others are built on it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .base import Composite, Layer, as_layer, describe
from .precision import floating

try:
    from jax.extend.core import get_opaque_trace_state as _trace_state  # pyright: ignore[reportAttributeAccessIssue]
except ImportError:  # before jax 0.8
    from jax.core import get_opaque_trace_state as _trace_state  # pyright: ignore[reportAttributeAccessIssue]

__all__ = ["compose", "parallel", "residual", "serial"]

# Repeated calls of a part get different keys: fold_in of position + call number * stride, positions below the stride.
_CALL_STRIDE = 1 << 16


def compose(forward: Callable, /, **parts: Layer | Callable) -> Layer:
    """Composes layers with a function that defines how data flows between them.

    Parameters and state are dicts keyed by the parts' names; parts without parameters or state have no entry. A part
    that is called twice shares its parameters and gets two different keys. The key of a part depends only on its
    position, so adding a part at the end leaves the random numbers of the others unchanged.

    Args:
        forward: `(call, x) -> y`, where `call(name, x)` runs the part of that name. `call` must not be used inside
            jax transformations such as `lax.scan`, `lax.cond` and `vmap`.
        **parts: layers, or plain functions of x.

    Raises:
        ValueError: at init, if `forward` never calls one of the parts, or calls one that does not exist.

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

        def visit(name, layer, x, repeat):
            if repeat == 0:
                made = layer.init(jax.random.fold_in(key, position[name]), x)
                _keep(params, name, made[0])
                _keep(state, name, made[1])
            y, _ = jax.eval_shape(layer.apply, params.get(name, {}), state.get(name, {}), x)
            return _zeros(y)

        calls = _run(forward, layers, visit, _zeros(x))[1]
        if unused := [name for name in layers if not calls[name]]:
            raise ValueError(f"compose: forward never calls {', '.join(map(repr, unused))}; call or remove it")
        return params, state

    def apply(params, state, x, key=None):
        state = dict(state)

        def visit(name, layer, x, repeat):
            own = None if key is None else jax.random.fold_in(key, position[name] + repeat * _CALL_STRIDE)
            y, new = layer.apply(params.get(name, {}), state.get(name, {}), x, own)
            _keep(state, name, new)
            return y

        return _run(forward, layers, visit, x)[0], state

    def map_parts(f):
        return compose(forward, **{name: f(part) for name, part in layers.items()})

    return Composite(init, apply, map_parts, tuple(layers))


def serial(*layers: Layer | Callable, **named: Layer | Callable) -> Layer:
    """Composes layers in sequence; positional ones are named by position, keyword arguments by their keyword.

    Args:
        *layers: layers or functions of x, run in this order.
        **named: further layers with names, run after the positional ones.

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
    """Composes layers with a residual connection: `shortcut(x) + body(x)` (He et al. 2015).

    Args:
        *layers: layers of the body, run in sequence.
        shortcut: layer applied to the input, by default the identity; a projection where the shapes differ.

    Raises:
        ValueError: at init and apply, if body and shortcut have different output shapes.
    """

    def forward(call, x):
        skip, y = call("shortcut", x), call("body", x)
        if skip.shape != y.shape:
            raise ValueError(
                f"residual: the body maps {describe(x)} to {describe(y)}, which cannot be added to the shortcut's "
                f"{describe(skip)}; pass a shortcut= that projects the input to the body's output shape"
            )
        return floating(skip) + floating(y)

    return compose(forward, body=serial(*layers), shortcut=shortcut)


def parallel(
    *layers: Layer | Callable,
    join: Callable = lambda ys: jnp.concatenate(ys, axis=-1),
    **named: Layer | Callable,
) -> Layer:
    """Runs layers on the same input and joins their outputs, by default concatenated along the last axis.

    Args:
        *layers: branches, named by their position.
        join: `(list of outputs) -> y`; `sum` adds them, integers as float32; `tuple` returns them unchanged.
        **named: branches with names.
    """
    join = _total if join is sum else join
    parts = {str(i): layer for i, layer in enumerate(layers)} | named
    return compose(lambda call, x: join([call(name, x) for name in parts]), **parts)


def _total(ys: list) -> Any:
    return sum(map(floating, ys))


def _run(forward, layers, visit, x):
    """Runs `forward` once; returns its result and the number of calls of each part."""
    calls = dict.fromkeys(layers, 0)
    here = _trace_state()

    def call(name, x):
        if name not in layers:
            raise ValueError(f"compose: unknown part {name!r}; the parts are {', '.join(layers)}")
        if _trace_state() != here:
            raise ValueError(
                f"compose: call({name!r}, ...) is used inside another jax transformation (lax.scan, vmap, checkpoint), "
                "where its state and keys would be lost; apply the transformation to the layer instead "
                "(zoo.layers.scan for recurrence)"
            )
        calls[name] += 1
        try:
            return visit(name, layers[name], x, calls[name] - 1)
        except Exception as error:
            _locate(error, name, x)
            raise

    return forward(call, x), calls


def _locate(error: Exception, name: str, x: Any) -> None:
    """Adds a note with the path of the layer to an error (PEP 678); each level prepends the name of its part."""
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
