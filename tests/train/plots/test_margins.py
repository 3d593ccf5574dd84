"""Margins are drawn as three lines and support vectors as rings."""

import numpy as np
from matplotlib.image import imread

from zoo.train.plots.margins import margins


def drawn(path, decide, vectors):
    rng = np.random.default_rng(0)
    points, y = rng.normal(size=(30, 2)), np.arange(30) % 2
    margins(decide, points, y, vectors, path, ("no", "yes"))
    return imread(path)


def test_lines_and_rings_are_drawn_where_they_lie(tmp_path):
    few, none = np.zeros((2, 2)), np.zeros((0, 2))
    plain = drawn(tmp_path / "plain.png", lambda points: np.full(len(points), 3.0), none)
    lines = drawn(tmp_path / "lines.png", lambda points: 2 * points[:, 0], none)
    rings = drawn(tmp_path / "rings.png", lambda points: 2 * points[:, 0], few)
    assert plain.shape == lines.shape == rings.shape
    middle = slice(200, 480)
    assert np.abs(plain[:500] - lines[:500]).mean() > 0.01
    changed = np.argwhere(np.abs(lines[:500] - rings[:500]).max(axis=-1) > 0.2)
    assert 0 < len(changed) < 2000
    assert np.ptp(changed[:, 0]) < 40
    assert middle.start < changed[:, 1].mean() < middle.stop
