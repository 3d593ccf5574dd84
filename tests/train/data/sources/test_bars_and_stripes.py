"""Bars and stripes are all patterns of equal rows or of equal columns, each once."""

import numpy as np
import pytest

from zoo.train.data.dataset import load_data


@pytest.mark.parametrize(("side", "count"), [(2, 6), (3, 14), (4, 30)])
def test_every_pattern_is_there_once_and_named(side, count):
    data = load_data("bars_and_stripes", options={"side": side, "copies": 3})
    images = data.test.x[..., 0]
    assert images.shape == (count, side, side)
    assert len({each.tobytes() for each in images}) == count
    columns, rows = ((images == np.take(images, [0], axis)).all(axis=(1, 2)) for axis in (1, 2))
    assert (columns | rows).all()
    names = np.array(data.classes)[data.test.y]
    np.testing.assert_array_equal(names, np.where(columns & rows, "uniform", np.where(columns, "bars", "stripes")))
    assert (np.unique(data.train.x, axis=0, return_counts=True)[1] == 3).all()
    assert not data.held_out
