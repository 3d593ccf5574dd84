"""Rows of images: position, colours and bytes."""

import numpy as np
import pytest
from matplotlib.image import imread

from zoo.train.plots.pairs import pairs

COLOURS = {"red": [1, -1, -1], "green": [-1, 1, -1], "blue": [-1, -1, 1]}


def test_each_row_has_its_images_in_the_order_of_the_columns(tmp_path):
    def images(shade):
        return (np.stack([np.full((8, 8, 3), 1.0) * colour for colour in COLOURS.values()]) * shade + 1) / 2

    pairs({"given": images(1), "made": images(0.5), "real": images(3)}, tmp_path / "a.png", "step 5")
    drawn = imread(tmp_path / "a.png")[..., :3]
    for shade in (1, 0.5):
        centres = []
        for colour in COLOURS.values():
            wanted = (np.array(colour) * shade + 1) / 2
            rows, columns = np.nonzero(np.all(np.abs(drawn - wanted) < 0.01, axis=-1))
            assert len(rows) > 1000
            centres.append(columns.mean())
        assert centres == sorted(centres)
    bright = np.nonzero(np.all(np.abs(drawn - [1, 0, 0]) < 0.01, axis=-1))[0]
    dim = np.nonzero(np.all(np.abs(drawn - [0.75, 0.25, 0.25]) < 0.01, axis=-1))[0]
    assert bright.min() < dim.min() < dim.max() < bright.max(), "given above, made between, real (cut off) below"


def test_grey_and_coloured_images_mix_and_the_same_images_give_the_same_bytes(tmp_path):
    x = np.random.default_rng(0).uniform(0, 1, (12, 6, 9, 3))
    for name in ("a.png", "b.png"):
        pairs({"given": x.mean(-1, keepdims=True), "real": x}, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_rows_of_unequal_shape_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"rows of one shape, got \(2, 8, 8, 3\), \(2, 8, 9, 3\)"):
        pairs({"given": np.zeros((2, 8, 8, 1)), "real": np.zeros((2, 8, 9, 1))}, tmp_path / "a.png")
