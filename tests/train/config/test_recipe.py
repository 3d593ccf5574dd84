"""Tests of recipes as values: a change of one reaches no other."""

import pytest

from zoo.train.config.recipe import recipe_for


@pytest.mark.parametrize("dataset", [None, "csv"])
def test_a_change_of_the_options_of_a_recipe_changes_no_other(dataset):
    recipe, before = recipe_for("esn", dataset), recipe_for("esn", dataset)
    for options in (recipe.m, recipe.d, recipe.t):
        options["horizon"] = 9
    assert recipe_for("esn", dataset) == before
    assert "horizon" not in before.m
