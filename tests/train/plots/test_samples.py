"""Plots of samples: positions, and their animation."""

import numpy as np
import pytest
from matplotlib.image import imread

from zoo.train.plots.curves import PLAYERS, curves
from zoo.train.plots.generated_images import beside
from zoo.train.plots.samples import animation, cloud, window

RING = np.stack([np.cos(np.arange(8)), np.sin(np.arange(8))], axis=-1)


def test_the_window_holds_all_real_points_with_a_margin():
    low, high = window(RING)
    assert (low < RING.min(axis=0)).all()
    assert (high > RING.max(axis=0)).all()


def test_generated_points_outside_the_axes_change_only_the_count_below(tmp_path):
    for name, made in (("in", RING), ("out", np.concatenate([RING, [[90.0, 0.0]]]))):
        cloud(RING, made, tmp_path / f"{name}.png", "step 1", np.zeros((4, 4)))
    inside, outside = imread(tmp_path / "in.png"), imread(tmp_path / "out.png")
    assert inside.shape == outside.shape
    assert (inside != outside).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_generated_images_are_on_the_left_and_real_ones_on_the_right(channels, tmp_path):
    made, real = (np.full((7, 4, 5, channels), value) for value in (0.0, 0.6))
    beside(made, real, tmp_path / "t.png", "step 1", columns=3)
    drawn = imread(tmp_path / "t.png")[40:, :, :3]
    middle = drawn.shape[1] * 3.5 / 7
    for shade, left in ((0.0, True), (0.6, False)):
        rows, columns = np.nonzero(np.all(np.abs(drawn - shade) < 0.01, axis=-1))
        assert len(columns) > 7 * 80**2
        outside = columns > middle if left else columns < middle
        assert outside.mean() < 0.01, "but for the letters of the title"
        assert np.ptp(rows) > 200, "three rows"


def test_an_animation_has_a_frame_for_each_distinct_picture(tmp_path):
    from PIL import Image

    frames = []
    for i in range(3):
        frames.append(tmp_path / f"{i}.png")
        beside(np.full((4, 4, 4, 1), i / 2), np.ones((4, 4, 4, 1)), frames[-1], "step", columns=2)
    animation(frames, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 3
    animation([], tmp_path / "none.gif")
    assert not (tmp_path / "none.gif").exists()


def test_generator_and_discriminator_have_curves(tmp_path):
    names = ("loss", "d_loss", "d_real", "d_fake", "g_norm", "d_norm")
    train = [{"split": "train", "step": i, "epoch": i / 4, **dict.fromkeys(names, 1.0 + i)} for i in range(1, 9)]
    rows = [*train, {"split": "test", "step": 8, "epoch": 2.0, "good": 0.5}]
    curves(rows, tmp_path / "c.png", headline="good", panels=PLAYERS)
    fewer = [{name: value for name, value in row.items() if name != "d_fake"} for row in rows]
    curves(fewer, tmp_path / "d.png", headline="good", panels=PLAYERS)
    both, one = imread(tmp_path / "c.png"), imread(tmp_path / "d.png")
    assert both.shape == one.shape
    middle = both.shape[1] // 2
    assert (both[:, middle:] != one[:, middle:]).any(), "D(G(z)) stands in the upper right panel"
    assert (both[:, :middle] == one[:, :middle]).all()
