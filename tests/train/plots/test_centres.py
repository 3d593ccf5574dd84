"""Centres of units are drawn among points, with and without classes, with rings of their own widths."""

import numpy as np
from matplotlib.image import imread

from zoo.train.plots.centres import centres


def test_rings_have_the_widths_of_the_units(tmp_path):
    rng = np.random.default_rng(0)
    points, places, y = rng.normal(size=(40, 2)), rng.normal(size=(5, 2)), rng.integers(0, 2, 40)
    for name, width, classes in (("small", 0.1, ("a", "b")), ("large", 0.6, ("a", "b")), ("plain", 0.1, ())):
        centres(places, np.full((5, 1), width), points, y, classes, tmp_path / f"{name}.png")
    small, large, plain = (imread(tmp_path / f"{name}.png")[..., :3] for name in ("small", "large", "plain"))
    assert small.shape == large.shape == plain.shape
    assert (large < 0.99).sum() > 1.1 * (small < 0.99).sum()  # longer lines
    assert np.abs(small - plain).mean() > 1e-4
