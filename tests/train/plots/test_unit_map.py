"""Pictures of a map are drawn for squares and hexagons, with and without classes, and for units without examples."""

import numpy as np
import pytest
from matplotlib.image import imread

from zoo import kohonen
from zoo.train.plots.unit_map import feature_planes, unit_map


@pytest.mark.parametrize("hexagonal", [False, True])
@pytest.mark.parametrize("classes", [(), ("a", "b", "c"), tuple(map(str, range(12)))])
def test_the_map_is_drawn_with_a_dot_for_each_unit_that_has_examples(hexagonal, classes, tmp_path):
    grid = kohonen(rows=3, columns=4, hexagonal=hexagonal).grid
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 5, (12, max(len(classes), 1)))
    votes[3] = 0
    neighbours = (grid.distances <= grid.reach) & (grid.distances > 0)
    unit_map(grid.positions, neighbours, rng.normal(size=(12, 2)), votes, classes, tmp_path / "map.png")
    empty = votes * 0
    unit_map(grid.positions, neighbours, rng.normal(size=(12, 2)), empty, classes, tmp_path / "empty.png")
    full, bare = imread(tmp_path / "map.png"), imread(tmp_path / "empty.png")
    half = full.shape[1] // 2
    assert full.shape == bare.shape
    assert np.abs(full[:, half:] - bare[:, half:]).mean() > 0.01


def test_at_most_sixteen_features_are_drawn_each_with_its_name(tmp_path):
    positions = kohonen(rows=2, columns=2).grid.positions
    units = np.random.default_rng(0).normal(size=(4, 20))
    feature_planes(positions, units, [f"feature {i}" for i in range(20)], tmp_path / "many.png")
    feature_planes(positions, units[:, :1], ["one"], tmp_path / "one.png")
    many, one = imread(tmp_path / "many.png"), imread(tmp_path / "one.png")
    assert many.shape[0] > 2 * one.shape[0]
    assert many.shape[1] > 2 * one.shape[1]
