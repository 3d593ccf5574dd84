"""The comparison of flat and deep models: all models see the same images, and each learns from them."""

import numpy as np
import pytest

from benchmarks import data_size
from zoo.train.data.dataset import load_data


def test_rows_have_equal_shares_of_the_classes_and_each_seed_draws_others():
    y = np.asarray(load_data("digits").train.y)
    rows = data_size.rows_of(y, 100, 0)
    np.testing.assert_array_equal(np.bincount(y[rows]), np.full(10, 10))
    np.testing.assert_array_equal(rows, data_size.rows_of(y, 100, 0))
    assert set(rows) != set(data_size.rows_of(y, 100, 1))
    np.testing.assert_array_equal(data_size.rows_of(y, 10_000, 0), np.arange(len(y)))


def test_naive_bayes_is_better_with_more_images():
    data = load_data("digits")
    few, many = (data_size.accuracy("naive Bayes", data, size, 0) for size in (50, 1_400))
    assert 0.6 < few < many - 0.02


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize("name", ["mlp", "linear SVM"])
def test_a_model_of_the_zoo_learns_from_a_hundred_images(name):
    assert data_size.accuracy(name, load_data("digits"), 100, 0) > 0.8


def test_the_table_has_a_line_per_model_and_a_column_per_size():
    row = {"values": [0.8, 0.9], "machine": "m", "versions": {"jax": "1"}, "date": "d"}
    text = data_size.table({"mlp 100": row, "cnn 100": row, "cnn 1000": row | {"values": [0.95]}})
    assert "| training images | 100 | 1,000 |\n|---|---|---|" in text
    assert "| mlp | 85.0 % (80.0 to 90.0) | not measured |" in text
    assert "| cnn | 85.0 % (80.0 to 90.0) | 95.0 % |" in text
    assert "Measured on m; jax 1; d." in text
