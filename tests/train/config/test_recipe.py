"""Tests of recipes as values, of which a change reaches no other, and of those for data without one of their own."""

from dataclasses import replace

import pytest

from zoo.train.config.recipe import recipe_for


@pytest.mark.parametrize("dataset", [None, "csv"])
def test_a_change_of_the_options_of_a_recipe_changes_no_other(dataset):
    recipe, before = recipe_for("esn", dataset), recipe_for("esn", dataset)
    for options in (recipe.m, recipe.d, recipe.t):
        options["horizon"] = 9
    assert recipe_for("esn", dataset) == before
    assert "horizon" not in before.m


@pytest.mark.parametrize(
    ("model", "dataset", "like"),
    [
        ("cnn", "kmnist", "images"),  # of any size, not the digits of the first recipe
        ("cnn", "shape_factors", "images"),  # also for another task
        ("cnn", "npy_images", "images"),
        ("lstm", "cifar10", "images"),
        ("gru", "kmnist", "images"),
        ("rnn", "npy_images", "images"),
        ("resnet", "cifar100", "images"),
        ("vae", "cifar10", "digits"),  # has none for images of any size
        ("mlp", "wine", "iris"),
    ],
)
def test_data_without_a_recipe_take_that_of_the_most_similar_data(model, dataset, like):
    assert recipe_for(model, dataset) == replace(recipe_for(model, like), dataset=dataset, expect=None)
