"""The grid of a self-organising map: neighbours of squares, of hexagons and across the edges of a torus."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import kohonen


def neighbours(**options):
    grid = kohonen(**options).grid
    return ((grid.distances <= grid.reach) & (grid.distances > 0)).sum(axis=1).reshape(grid.shape)


def test_a_unit_of_a_square_grid_has_eight_neighbours_and_fewer_at_the_edge():
    assert neighbours(rows=3, columns=4).tolist() == [[3, 5, 5, 3], [5, 8, 8, 5], [3, 5, 5, 3]]


def test_a_unit_of_a_hexagonal_grid_has_six_neighbours_at_equal_distances():
    assert neighbours(rows=4, columns=3, hexagonal=True)[1:3, 1].tolist() == [6, 6]
    grid = kohonen(rows=5, columns=5, hexagonal=True).grid
    around = np.sort(grid.distances[12])[1:8]
    np.testing.assert_allclose(around[:6], 1, rtol=1e-12)
    assert around[6] == pytest.approx(3**0.5)


@pytest.mark.parametrize(("hexagonal", "count"), [(False, 8), (True, 6)])
def test_on_a_torus_all_units_have_as_many_neighbours(hexagonal, count):
    assert (neighbours(rows=4, columns=5, hexagonal=hexagonal, torus=True) == count).all()


def test_outputs_are_negative_squared_distances_and_the_largest_is_assigned(key):
    model = kohonen(2, rows=2, columns=2)
    x = jax.random.normal(key, (5, 3))
    params, state = jax.jit(model.init)(key, x)
    want = -np.square(np.asarray(x)[:, None] - np.asarray(params["map"]["units"])).sum(-1)
    np.testing.assert_allclose(model.apply(params, state, x)[0], want, rtol=1e-4, atol=1e-5)
    assert model.assign(params, state, x).tolist() == want.argmax(1).tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 1, "columns": 1}, "at least two units"),
        ({"rows": 3, "hexagonal": True, "torus": True}, "even number of rows, got 3"),
        ({"rows": 0}, "rows"),
    ],
)
def test_grids_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        kohonen(2, **options).init(jax.random.key(0), jnp.zeros((1, 2)))


def test_an_example_is_described_by_the_place_and_the_label_of_its_unit():
    from zoo.train.tasks.topographic_map import topographic_map

    class Trained:
        model = kohonen(2, rows=2, columns=3)
        state: ClassVar = {"votes": np.array([[0, 0]] * 4 + [[1, 3], [0, 0]])}
        classes = ("no", "yes")

        def outputs(self, x):
            return -np.array([[9, 9, 9, 9, 4, 9], [9, 9, 1, 9, 4, 9.0]])

    first, second = topographic_map(2).describe(Trained(), None, None)
    assert first == {"row": 1, "column": 1, "distance": 2.0, "label": "yes", "share": 0.75}
    assert second == {"row": 0, "column": 2, "distance": 1.0, "label": "none", "share": 0.0}
