"""Images beside their maps."""

import numpy as np
from PIL import Image

from zoo.train.plots.explained import explained


def test_the_parts_of_an_image_that_a_map_marks_are_coloured_and_the_others_are_not(tmp_path):
    maps = np.zeros((1, 8, 8))
    maps[0, :4] = 1
    explained(np.full((1, 8, 8, 1), 0.5), maps, ["cat"], tmp_path / "a.png", "title", "Grad-CAM")
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    found = {tuple(colour) for colour in colours[np.argsort(-counts)[:5]].tolist()}
    bright, dark, grey, paper = (252, 255, 164), (0, 0, 4), (128, 128, 128), (255, 255, 255)
    over = tuple(round(0.3 * 128 + 0.7 * each) for each in bright)
    assert {bright, grey, paper} < found
    assert any(np.abs(np.subtract(each, dark)).max() <= 1 for each in found)
    assert any(np.abs(np.subtract(each, over)).max() <= 1 for each in found)
