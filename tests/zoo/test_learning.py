"""Every animal learns: its first recipe, whole, reaches what the recipe expects. Seed fixed, seconds each."""

from importlib import import_module

import pytest

import zoo
from zoo.train import image_classifier, recipe_for, run
from zoo.train.options import RunOptions

SLOW = {"dcgan", "cgan", "gan", "wgan", "wgan_gp", "colorize", "denoise", "resnet"}


def models():
    return [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in zoo.list_models()]


@pytest.mark.parametrize("name", models())
def test_every_animal_reaches_what_its_first_recipe_expects(name, tmp_path, monkeypatch):
    monkeypatch.setattr(image_classifier, "user_cache", lambda: tmp_path)  # nothing is left with the user
    monkeypatch.setattr(import_module("zoo.train.setup"), "_EVALUATIONS", 2)  # a look in between changes no number
    recipe = recipe_for(name)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    reached = result.metrics[recipe.expect.metric]
    assert (reached <= recipe.expect.value) if recipe.expect.at_most else (reached >= recipe.expect.value)
