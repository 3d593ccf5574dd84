"""Positions of the steps of a sequence for attention, which by itself does not see their order."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .base import Layer
from .checks import check_features, check_positive, check_rank
from .initializers import Initializer, normal
from .precision import floating, promote_float32
from .sequence import as_sequence, look_up

__all__ = ["learned_positions", "rotate", "sinusoidal_positions"]


def learned_positions(rows: int | None = None, *, init: Initializer = normal(0.02)) -> Layer:  # noqa: B008
    """Builds a layer that adds a learned vector to each step of (batch, time, features), by its position.

    Args:
        rows: number of vectors, after which they repeat: steps closer to each other have different ones. None: as many
            as the example of `init` has steps, and longer sequences are an error.
        init: initializer of the table `w`, shape (rows, features).

    The input may be a `Sequence` whose carry is the position of each row's first step, integers (batch,).

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import learned_positions
    >>> params, _ = learned_positions().init(jax.random.key(0), jnp.ones((2, 5, 3)))
    >>> params["w"].shape
    (5, 3)
    """
    if rows is not None:
        check_positive("learned_positions", "rows", rows)

    def make(key, x):
        x = as_sequence(x).x
        check_rank("learned_positions", 3, x, "(batch, time, features)")
        return {"w": init(key, (rows or x.shape[1], x.shape[2]))}, {}

    def apply(params, state, x, key=None):
        steps = as_sequence(x).x
        check_rank("learned_positions", 3, steps, "(batch, time, features)")
        check_features("learned_positions", params["w"].shape[1], steps)
        if rows is None and steps.shape[1] > len(params["w"]):
            raise ValueError(
                f"learned_positions was initialised for {len(params['w'])} steps, got {steps.shape[1]} (shape "
                f"{tuple(steps.shape)}); use rotary or sinusoidal positions for sequences of any length"
            )
        return _added(x, params["w"]), state

    return Layer(make, apply)


def sinusoidal_positions(rows: int | None = None) -> Layer:
    """Builds a layer that adds sines and cosines of the position to each step (Vaswani et al. 2017, section 3.5).

    Feature 2i of position t gets `sin(t / 10000^(2i / features))`, feature 2i + 1 the cosine. The layer has no
    parameters and takes sequences of any length.

    Args:
        rows: number of positions, after which they repeat; None: as many as there are steps.

    The input may be a `Sequence`, as for `learned_positions`.

    >>> import jax.numpy as jnp
    >>> from zoo.layers import sinusoidal_positions
    >>> sinusoidal_positions().apply({}, {}, jnp.zeros((1, 2, 2)))[0].round(3).tolist()
    [[[0.0, 1.0], [0.8410000205039978, 0.5400000214576721]]]
    """
    if rows is not None:
        check_positive("sinusoidal_positions", "rows", rows)

    def apply(params, state, x, key=None):
        steps = as_sequence(x).x
        check_rank("sinusoidal_positions", 3, steps, "(batch, time, features)")
        waves = jnp.stack(_waves(rows or steps.shape[1], steps.shape[2], 10_000.0), axis=-1)
        return _added(x, waves.reshape(waves.shape[0], -1)[:, : steps.shape[2]]), state

    return Layer(lambda key, x: ({}, {}), apply)


def rotate(x: jax.Array, start: int = 0, base: float = 10_000.0) -> jax.Array:
    """Rotates pairs of features by angles that grow with the position (Su et al. 2021, RoFormer).

    The product of a rotated query and a rotated key depends on their distance, not on their positions. Feature i and
    feature i + features / 2 are a pair, which turns by `base^(-2i / features)` from step to step.

    Args:
        x: (..., time, features) with an even number of features.
        start: position of the first step.
        base: the slowest pair turns by about 1 / base of the fastest.

    Raises:
        ValueError: if the number of features is odd.

    >>> x = jnp.ones((1, 3, 4))
    >>> jnp.allclose(rotate(x)[0, 1] @ rotate(x)[0, 2], rotate(x, 7)[0, 1] @ rotate(x, 7)[0, 2]).item()
    True
    """
    time, features = x.shape[-2:]
    if features % 2:
        raise ValueError(f"rotary positions turn pairs of features, got {features} features in a head, an odd number")
    sin, cos = (wave[start:] for wave in _waves(start + time, features, base))
    a, b = jnp.split(promote_float32(x), 2, axis=-1)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1).astype(x.dtype)


def _waves(time: Any, features: int, base: float) -> tuple[Any, ...]:
    """Computes sine and cosine of `t / base^(2i / features)`, (time, features / 2 rounded up).

    In float64, as float32 has too few digits for late steps; but for the unknown time of an exported program.
    """
    xp = np if isinstance(time, int) else jnp
    angles = xp.arange(time)[:, None] / base ** (2 * np.arange((features + 1) // 2) / features)
    return tuple(wave(angles).astype(np.float32) for wave in (xp.sin, xp.cos))


def _added(x, table):
    sequence = as_sequence(x)
    steps = floating(sequence.x)
    place = jnp.arange(steps.shape[1]) + (0 if sequence.carry is None else sequence.carry[:, None])
    rows = look_up(promote_float32(jnp.asarray(table)), place % table.shape[0])
    # In float32, as the gradient of a row is the sum over the batch.
    return steps + jnp.broadcast_to(rows, steps.shape).astype(steps.dtype)
