"""Coloured shapes: reproducible images, hues of shapes, sky and ground."""

import numpy as np
import pytest

from zoo.train.data.dataset import Place, load_data, source
from zoo.train.errors import BadInput

HUES = {"circle": "r", "square": "b", "triangle": "rg", "star": "rb", "ring": "rg", "cross": "gb"}


@pytest.fixture(scope="module")
def data():
    return load_data("shapes", Place(), {"examples": 1000})


def test_the_arrays_agree_with_the_source(data):
    listed = source("shapes")
    for x, y, lengths, _ in (data.train, data.test):
        assert x.shape == (1000, *listed.shape)
        assert (x.dtype, y.dtype, lengths) == (np.uint8, np.int32, None)
        assert np.bincount(y, minlength=6).min() > 100
    assert len(data.classes) == listed.outputs == 6
    assert data.train.x.min() < 20
    assert data.train.x.max() == 255


def test_the_images_depend_on_the_seed(data):
    again = load_data("shapes", Place(), {"examples": 1000})
    np.testing.assert_array_equal(again.train.x, data.train.x)
    np.testing.assert_array_equal(again.test.y, data.test.y)
    assert (load_data("shapes", Place(), {"examples": 1000, "seed": 1}).train.x != data.train.x).any()


def test_training_and_test_images_differ(data):
    assert not {image.tobytes() for image in data.train.x} & {image.tobytes() for image in data.test.x}


@pytest.mark.parametrize("kind", HUES)
def test_each_shape_has_its_hue_at_every_brightness(data, kind):
    """The pixels whose colour is neither the sky's nor the ground's, by their share of each channel."""
    images = data.train.x[data.train.y == data.classes.index(kind)].astype(float)
    edge = np.concatenate([images[:, :, :1], images[:, :, -1:]], 2).mean(2, keepdims=True)  # the landscape
    apart = np.abs(images / images.sum(-1, keepdims=True) - edge / edge.sum(-1, keepdims=True)).sum(-1)
    inner = images[apart > 0.25]
    assert len(inner) > 20 * len(images)
    shares = (inner / inner.sum(-1, keepdims=True)).mean(0)
    strong = "".join(name for name, share in zip("rgb", shares, strict=True) if share > 0.28)
    assert strong == HUES[kind]
    grey = inner @ [0.299, 0.587, 0.114]
    assert grey.std() > 0.15 * grey.mean()


def test_the_sky_is_blue_and_the_ground_is_green(data):
    assert (data.train.x[:, 0].mean((0, 1)).argmax(), data.train.x[:, -1].mean((0, 1)).argmax()) == (2, 1)


@pytest.mark.parametrize(("option", "value"), [("examples", 9), ("seed", -1)])
def test_a_value_out_of_bounds_raises(option, value):
    with pytest.raises(BadInput, match=f"--d.{option} of shapes must be a whole number from"):
        load_data("shapes", Place(), {option: value})
