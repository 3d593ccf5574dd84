"""Self-organising map (Kohonen network): units on a grid that learn, with their neighbours, to lie among the examples.

Paper: Kohonen 1982, Self-organized formation of topologically correct feature maps; Kohonen 2001, Self-Organizing Maps.
Command: python -m zoo.train --model kohonen
Chart: KN; input -> grid of hidden (rows * columns)
Expect: on iris a quantisation error of at most 0.30 and a topographic error of at most 0.05, in seconds.
About: The unit nearest to an example wins and moves towards it, its neighbours on the grid a little less. So the grid
unfolds over the data and keeps neighbours together.
Equations: c = argmin_j |x - w_j|; w_j += r exp(-d(c, j)^2 / (2 s^2)) (x - w_j)
Limits: If the neighbourhood shrinks too fast the map stays folded, which the topographic error shows; columns of
large numbers dominate unless inputs are standardised.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .layers import Layer, flatten, serial, stateless
from .layers.checks import check_features, check_positive
from .layers.distances import squared_distances


class Grid(NamedTuple):
    """Places of the units of a map.

    Attributes:
        shape: rows and columns.
        positions: float64 (units, 2), horizontal and vertical.
        distances: float64 (units, units), between positions; on a torus the shortest way around.
        reach: largest distance between neighbours.
    """

    shape: tuple[int, int]
    positions: np.ndarray
    distances: np.ndarray
    reach: float


class Kohonen(NamedTuple):
    """Model of a map, with the capabilities of the tasks `topographic_map` and `cluster`.

    Attributes:
        init: as of a `Layer`; params are `{"map": {"units": (units, features)}}`, the state counts the `votes`
            (units, classes) of the training examples.
        apply: as of a `Layer`; gives negative squared distances (batch, units).
        assign: `(params, state, x) -> (batch,)`, the nearest unit of each example.
        grid: places of the units.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    assign: Callable[..., jax.Array]
    grid: Grid


def kohonen(
    outputs: int = 1, *, rows: int = 10, columns: int = 10, hexagonal: bool = False, torus: bool = False
) -> Kohonen:
    """Builds a self-organising map from inputs of any shape, flattened, to its units.

    Args:
        outputs: number of classes that vote for the label of a unit.
        rows: rows of the grid.
        columns: columns of the grid.
        hexagonal: six neighbours to a unit, at equal distances, instead of eight on a square grid.
        torus: joins opposite edges of the grid.

    >>> import jax, jax.numpy as jnp
    >>> model = kohonen(3, rows=7, columns=7)
    >>> params, state = model.init(jax.random.key(0), jnp.ones((2, 4)))
    >>> model.apply(params, state, jnp.ones((2, 4)))[0].shape, state["votes"].shape
    ((2, 49), (49, 3))
    """
    check_positive("kohonen", "rows", rows)
    check_positive("kohonen", "columns", columns)
    if rows * columns < 2:
        raise ValueError("kohonen: expected at least two units, got one row and one column")
    if hexagonal and torus and rows % 2:
        raise ValueError(f"kohonen: a hexagonal torus has an even number of rows, got {rows}")
    count, net = rows * columns, serial(flatten, map=_units(rows * columns))

    def init(key, x):
        return net.init(key, x)[0], {"votes": jnp.zeros((count, max(outputs, 1)))}

    def apply(params, state, x, key=None):
        return net.apply(params, {}, x)[0], state

    def assign(params, state, x):
        return jnp.argmax(apply(params, state, x)[0], axis=-1)

    return Kohonen(init, apply, assign, _grid(rows, columns, hexagonal, torus))


def _units(count: int) -> Layer:
    """Builds the layer of negative squared distances: (batch, features) to (batch, units)."""

    def apply(params, x):
        check_features(f"units({count})", params["units"].shape[1], x)
        return -squared_distances(x, params["units"])

    return stateless(lambda key, x: {"units": jax.random.normal(key, (count, x.shape[1]))}, apply)


def _grid(rows: int, columns: int, hexagonal: bool, torus: bool) -> Grid:
    row, column = np.divmod(np.arange(rows * columns), columns)
    height = 3**0.5 / 2 if hexagonal else 1.0
    positions = np.stack([column + (row % 2) / 2 * hexagonal, row * height], axis=1).astype(np.float64)
    apart = np.abs(positions[:, None] - positions)
    if torus:
        apart = np.minimum(apart, np.array([columns, rows * height]) - apart)
    distances = np.hypot(apart[..., 0], apart[..., 1])
    return Grid((rows, columns), positions, distances, 1.001 if hexagonal else 2**0.5 + 0.001)
