"""Shapes that were rendered from known factors: what differs with a factor, and which pairs are unseen."""

import numpy as np
import pytest

from zoo.train.data.dataset import Place, load_data, source


@pytest.fixture(scope="module")
def attributes():
    return load_data("shape_attributes", Place(), {"examples": 400})


@pytest.fixture(scope="module")
def factors():
    return load_data("shape_factors", Place(), {"sets": 20})


def pairs(x):
    return {(int(row[:6].argmax()), int(row[6:12].argmax())) for row in x}


def test_test_examples_have_pairs_of_form_and_colour_that_no_training_example_has(attributes):
    train, test = pairs(attributes.train.x), pairs(attributes.test.x)
    assert not train & test
    assert len(train) == 30
    assert len(test) == 6
    for place in (0, 1):  # but each form and each colour is among the training examples
        assert {pair[place] for pair in train} == {pair[place] for pair in test} == set(range(6))


def test_images_are_rows_of_numbers_from_0_to_1_as_the_source_states(attributes):
    kind = source("shape_attributes")
    assert attributes.train.x.shape == (400, *kind.shape)
    assert attributes.train.y.shape == (400, kind.outputs)
    assert attributes.train.y.min() == pytest.approx(0.1)
    assert attributes.train.y.max() == pytest.approx(0.95)
    assert len(attributes.features) == kind.shape[0]


def test_the_shape_lies_at_its_row_and_column_and_larger_ones_cover_more(attributes):
    x, images = attributes.train.x, attributes.train.y.reshape(-1, 32, 32, 3)
    cover = np.abs(images - 0.1).sum(axis=-1)
    at = np.arange(32) + 0.5
    rows, columns = (cover.sum(axis=axis) @ at / cover.sum(axis=(1, 2)) for axis in (2, 1))
    np.testing.assert_allclose(rows, x[:, 13], atol=0.4)
    np.testing.assert_allclose(columns, x[:, 14], atol=0.4)
    circles = x[:, 0] == 1
    area = (cover[circles] > 0.02).sum(axis=(1, 2))
    assert np.corrcoef(area, x[circles, 12] ** 2)[0, 1] > 0.98


def test_there_are_sets_of_training_images_in_which_one_factor_alone_varies(factors):
    y = factors.train.y
    for varied, size in (([0], 7), ([1], 7), ([2], 7), ([3], 7), ([4, 5, 6], 3)):
        others, which = np.unique(np.delete(y, varied, axis=1), axis=0, return_inverse=True)
        sizes = np.bincount(which.reshape(-1))
        assert len(sizes) == len(others)
        assert np.sum(sizes == size) == 20
        assert np.sum(sizes == 1) == len(y) - 20 * size
    assert len(y) == 20 * 31
    assert source("shape_factors").outputs == factors.train.y.shape[1] == len(factors.target.split(", "))


def test_light_is_the_brightness_and_place_the_centre_of_the_image(factors):
    x, y = factors.test.x[..., 0] / 255, factors.test.y
    np.testing.assert_allclose(x.max(axis=(1, 2)), y[:, 3], atol=0.005)
    at = np.arange(32) + 0.5
    for column, axis in ((0, 2), (1, 1)):
        np.testing.assert_allclose(x.sum(axis=axis) @ at / x.sum(axis=(1, 2)), y[:, column], atol=0.2)


@pytest.mark.parametrize("column", range(4))
def test_images_that_differ_in_one_factor_differ(factors, column):
    x, y = factors.train.x, factors.train.y
    others = np.delete(y, column, axis=1)
    _, which, sizes = np.unique(others, axis=0, return_inverse=True, return_counts=True)
    first = np.flatnonzero(which.reshape(-1) == np.argmax(sizes))
    assert len({image.tobytes() for image in x[first]}) == len(first) > 4
