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
        ("cnn", "kmnist", "mnist"),  # 28x28, not the 8x8 of the first recipe
        ("cnn", "cifar10", "svhn"),
        ("cnn", "npy_images", "images"),  # both of unknown size
        ("lstm", "npy_images", "images"),
        ("vae", "cifar10", "mnist"),
    ],
)
def test_images_take_the_recipe_of_the_most_similar_size(model, dataset, like):
    assert recipe_for(model, dataset) == replace(recipe_for(model, like), dataset=dataset, expect=None)
