"""Every animal learns: its first recipe, whole, reaches what the recipe expects. Seed fixed, seconds each."""

import pytest

import zoo
from zoo.train import recipe_for, run
from zoo.train.options import RunOptions


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_animal_reaches_what_its_first_recipe_expects(name, tmp_path):
    recipe = recipe_for(name)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    reached = result.metrics[recipe.expect.metric]
    assert (reached <= recipe.expect.value) if recipe.expect.at_most else (reached >= recipe.expect.value)
