"""Points of a plane: a colour for each class, no colour without classes, the same bytes from the same points."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from zoo.train.plots.plane import plane
from zoo.train.plots.style import BLUE, colour

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(300, 2)) * 0.1 + np.repeat([[0, 0], [3, 0], [0, 3]], 100, axis=0)
NAMES = ("latent 1", "latent 2")


def shares(path, ink):
    drawn = imread(path)[..., :3]
    seen = 0.8 * np.array(to_rgb(ink)) + 0.2  # over white
    return np.mean(np.abs(drawn - seen).max(axis=-1) < 0.03)


def test_each_class_has_its_colour_and_points_without_classes_have_one(tmp_path):
    plane(POINTS, np.repeat([0, 1, 2], 100), ("a", "b", "c"), tmp_path / "a.png", "codes", NAMES)
    plane(POINTS, None, (), tmp_path / "b.png", "codes", NAMES)
    assert all(shares(tmp_path / "a.png", colour(i)) > 1e-3 for i in range(3))
    assert shares(tmp_path / "b.png", colour(1)) == shares(tmp_path / "b.png", colour(2)) == 0
    assert shares(tmp_path / "b.png", BLUE) > 1e-3


def test_the_same_points_give_the_same_bytes_and_more_classes_than_a_legend_holds_are_drawn(tmp_path):
    for name in ("a.png", "b.png"):
        plane(POINTS, np.arange(300) % 30, (), tmp_path / name, "codes", NAMES)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
