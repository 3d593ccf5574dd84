"""Tests that every model learns: its first recipe reaches the result it expects, with a fixed seed, in seconds."""

from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module

import pytest

import zoo
from tests.quickly import compiled_quickly
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.evaluation import classifier as image_classifier

# A new model is dear, since cheaper tests prove that it learns: others of the same kin, those of its trainer and task.
CHEAP = {"hopfield", "kohonen", "logistic", "mlp", "perceptron"}
DEEP = {"colorize", "denoise", "markov"}  # to compile these takes longer than to train them
SHORTER = {
    "dcgan": {"epochs": 20},  # 0.056 to 0.077 in six seeds
    "cgan": {"epochs": 50},  # 0.98 after 37 epochs
    "cnn": {"epochs": 10},  # 0.992 to 0.994 in three seeds
    "bilstm": {"epochs": 4},  # 1.000 in two
    "dnc": {"d": {"longest": 5}, "m": {"slots": 12}, "epochs": 2},  # 1.000 after one epoch
    "ntm": {"d": {"longest": 5}, "m": {"slots": 16}, "epochs": 4},
    "markov": {"d": {"window": 0, "characters": 150_000}},  # 2.08
}


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory):
    """Where those lie that judge images: nothing is left with the user, and each is trained once."""
    return tmp_path_factory.mktemp("classifiers")


def models():
    return [pytest.param(name, marks=() if name in CHEAP else pytest.mark.expensive) for name in zoo.list_models()]


@pytest.mark.parametrize("name", models())
def test_every_model_reaches_the_expected_result_of_its_first_recipe(name, tmp_path, monkeypatch, classifiers):
    monkeypatch.setattr(image_classifier, "user_cache", lambda: classifiers)
    monkeypatch.setattr(import_module("zoo.train.engine.plan"), "EVALUATIONS", 1)  # a look in between changes no number
    recipe = replace(recipe_for(name), **SHORTER.get(name, {}))
    with compiled_quickly() if name in DEEP else nullcontext():
        result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    assert recipe.expect.reached(result.metrics[recipe.expect.metric])
