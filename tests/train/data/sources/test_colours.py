"""Random colours have the name of the nearest corner of the cube."""

import numpy as np

from zoo.train.data.dataset import load_data


def test_a_colour_has_the_name_of_the_nearest_corner():
    data = load_data("colours", options={"examples": 500})
    corners = {
        "black": (0, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0), "cyan": (0, 255, 255),
        "red": (255, 0, 0), "magenta": (255, 0, 255), "yellow": (255, 255, 0), "white": (255, 255, 255),
    }  # fmt: skip
    places = np.array([corners[name] for name in data.classes])
    for split, count in ((data.train, 400), (data.test, 100)):
        assert split.x.shape == (count, 3)
        distances = np.abs(split.x[:, None].astype(int) - places).sum(-1)
        np.testing.assert_array_equal(split.y, distances.argmin(1))
    assert np.bincount(data.train.y, minlength=8).min() > 20
    np.testing.assert_array_equal(load_data("colours", options={"examples": 500}).test.x, data.test.x)
    assert (load_data("colours", options={"examples": 500, "seed": 1}).test.x != data.test.x).any()
