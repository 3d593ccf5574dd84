"""A page may ask for anything: what is sound becomes a recipe, everything else an error of one line."""

import json
import random

import pytest

from tests.train.playground.hostile import POINTS, SPIRAL, mutated
from zoo.train.config.recipe import recipe_for
from zoo.train.errors import BadInput, ZooError
from zoo.train.playground.own.points import features_given
from zoo.train.playground.protocol import LARGEST, read
from zoo.train.playground.state import DEFAULT, models, read_state, recipe_of, sets


def test_knobs_are_fields_of_the_recipe():
    recipe = recipe_of(read_state(SPIRAL))
    assert (recipe.m["hidden"], recipe.lr, recipe.d["noise"]) == ((4, 2), 0.03, 5)
    assert recipe.opt == recipe_for("mlp", "spiral").opt


def test_an_empty_state_is_the_first_page():
    assert read_state({}) == DEFAULT
    assert recipe_of(DEFAULT).m["hidden"] == (8, 8)


@pytest.mark.parametrize("name", models())
def test_every_animal_has_a_data_set(name):
    assert recipe_of(read_state({"model": name, "dataset": sets(name)[0]})).model == name


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"model": "cnn", "dataset": "spiral"}, "'cnn' is no model of the playground"),
        ({"model": "mlp", "dataset": "mnist"}, "'mnist' is no data set of mlp in the playground"),
        ({"model": "mlp", "dataset": "sine"}, "'sine' is no data set of mlp .*, points"),
        (
            {"model": "mlp", "dataset": "spiral", "more": 1},
            "an object with model, dataset, set and one of points, series, patterns",
        ),
        ({**SPIRAL, "set": [1]}, "set must be an object"),
        ({**POINTS, "points": {"xy": [[0, 0]], "label": ["a"]}}, "give 2 to 5,000 points, got 1"),
        ({**POINTS, "points": {"xy": [[0, 0], [1, 1e9]], "label": ["a", "b"]}}, "point 1 .* must be two numbers"),
        ({**POINTS, "points": {"xy": [[0, 0], [1, True]], "label": ["a", "b"]}}, "point 1 .* must be two numbers"),
        ({**POINTS, "points": {"xy": [[0, 0], [1, 1]], "label": ["a", 1]}}, "all be texts .* or all numbers"),
        ({**POINTS, "points": {"xy": [[0, 0], [1, 1]], "label": ["a", "b"], "share": 1}}, "from 0 to 0.9"),
    ],
)
def test_a_state_of_another_form_is_refused(found, told):
    with pytest.raises(BadInput, match=told):
        read_state(found)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"hidden": [4]}, "mlp has no knob 'hidden'"),
        ({"lr": -1}, "--lr must be a number above 0"),
        ({"lr": "fast"}, "--lr must be a number"),
        ({"opt": "sgd", "momentum": 0.5}, "--momentum 0.5 has no effect with --opt sgd"),
        ({"m.hidden": [100_000]}, "at most 2,000 units a layer"),
        ({"m.hidden": [2000, 2000]}, "at most 1,000,000 weights"),
        ({"d.examples": 1_000_000}, "at most 10,000 examples"),
        ({"m.hidden": [1] * 50}, "40 layers"),
    ],
)
def test_a_knob_that_is_wrong_is_named(given, told):
    with pytest.raises(BadInput, match=told):
        recipe_of(read_state({**SPIRAL, "set": given}))


def test_features_are_those_of_the_knob():
    assert features_given(read_state({**SPIRAL, "set": {"d.features": ["x", "xy"]}}).given) == ("x", "xy")
    assert features_given(DEFAULT.given) == ("x", "y")


def test_messages_are_small_json_objects_of_known_names():
    assert read('{"do": "blame", "split": "train", "index": 3}') == {"do": "blame", "split": "train", "index": 3}
    for text in (None, b"{}", "", "[]", "{", '{"do": 1}', '{"do": "eval"}', '{"do": "blame", "split": 1, "index": 2}',
                 '{"do": "play", "x": 1}', '{"do": "blame", "split": "train", "index": NaN}', "[" * 5000,
                 '{"do": "blame", "split": "train", "index": true}', " " * (LARGEST + 1)):  # fmt: skip
        with pytest.raises(BadInput):
            read(text)


def test_two_thousand_hostile_messages_end_in_errors_of_the_zoo():
    rng, told = random.Random(0), []
    for _ in range(2000):
        state = mutated(rng, rng.choice((SPIRAL, POINTS)))
        text = json.dumps({"do": "state", "state": state})
        text = text[: rng.randrange(len(text))] if rng.random() < 0.1 else text
        try:
            found = read_state(read(text)["state"])
            if found.own is None:
                recipe_of(found)
        except ZooError as error:
            told.append(str(error))
    assert len(told) > 1000
    assert not [text for text in told if "Traceback" in text or len(text) > 5000]
