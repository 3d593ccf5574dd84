"""Images of two overlapping digits: whose digits they show, and which classes they have."""

import numpy as np

from zoo.train.data.dataset import load_data


def test_images_show_two_digits_of_the_training_examples_or_of_the_held_out_fifth():
    digits = load_data("digits")
    data = load_data("multi_digits", options={"examples": 20, "shift": 2})
    assert data.classes == digits.classes
    for split, source in ((data.train, digits.train), (data.test, digits.test)):
        assert split.x.shape[1:] == (10, 10, 1)
        assert np.all(split.y.sum(axis=1) == 2)
        for image, classes in zip(split.x[:3], split.y[:3], strict=True):
            cut = [image[i : i + 8, j : j + 8] for i in range(3) for j in range(3)]
            for number in np.flatnonzero(classes):
                one = source.x[source.y == number]
                assert any(np.all(one <= part, axis=(1, 2, 3)).any() for part in cut)


def test_the_seed_decides_pairs_and_places():
    one, same, other = (load_data("multi_digits", options={"examples": 50, "seed": seed}).train.x for seed in (0, 0, 1))
    assert one.shape == (50, 12, 12, 1)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
