"""The patterns of the encoder problem."""

import numpy as np

from zoo.train.data.dataset import load_data


def test_the_same_unit_of_both_groups_is_on():
    data = load_data("encoder", options={"units": 5})
    assert data.train is data.test
    assert data.train.x.shape == (5, 10)
    for i, x in enumerate(data.train.x):
        np.testing.assert_array_equal(x.nonzero()[0], [i, 5 + i])
    assert data.train.y.tolist() == [0, 1, 2, 3, 4]
    assert not data.held_out
