"""Values that a person gives in Python or in a file: numpy's numbers, texts, byte order marks, double keys."""

import time

import numpy as np
import pytest

from zoo._words import did_you_mean
from zoo.train import Recipe, RunOptions, recipe_for, run
from zoo.train.config.file import read_config
from zoo.train.config.recipe import book
from zoo.train.config.validate import plain_recipe
from zoo.train.errors import BadInput


def test_numpy_numbers_in_a_recipe_become_plain_ones():
    given = Recipe("mlp", "iris", m={"hidden": np.array([4, 5]), "dropout": np.float32(0.5)}, epochs=np.int64(3))  # pyright: ignore
    found = plain_recipe(given)
    assert (found.m, found.epochs) == ({"hidden": (4, 5), "dropout": 0.5}, 3)
    assert type(found.epochs) is int
    assert type(found.m["hidden"][0]) is int
    assert type(plain_recipe(Recipe("mlp", "iris", lr=np.float64(0.5))).lr) is float  # pyright: ignore


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("mlp", r"give recipe_for\('mlp'\)"),
        (None, "must be a Recipe, got None"),
        (Recipe("mlp", "iris", epochs="5"), "--epochs must be a number above 0, got '5'"),  # pyright: ignore
        (Recipe("mlp", "iris", m=["hidden"]), "m of the recipe must be a dict"),  # pyright: ignore
    ],
)
def test_a_bad_recipe_is_refused_before_a_folder_is_made(tmp_path, recipe, message):
    with pytest.raises(BadInput, match=message):
        run(recipe, RunOptions(out=tmp_path / "run"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.toml", "a.json"])
def test_a_configuration_with_a_byte_order_mark_is_read(tmp_path, name):
    text = 'model = "mlp"' if name.endswith("toml") else '{"model": "mlp"}'
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    assert read_config(tmp_path / name) == {"model": "mlp"}
    (tmp_path / name).write_text(text, encoding="utf-16")
    with pytest.raises(BadInput, match="save it as UTF-8"):
        read_config(tmp_path / name)


@pytest.mark.parametrize("text", ['{"lr": 1, "model": "mlp", "lr": 2}', '{"m": {"lr": 1, "lr": 1}}'])
def test_a_key_that_is_twice_in_json_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadInput, match="the key 'lr' is there 2 times"):
        read_config(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "m." * 50_000 + "x = 1", "line 1: too many dots"),
        ("a.toml", 'model = "mlp"\n[' + ".".join("m" * 50_000) + "]", "line 2: too many dots"),
        (
            "a.toml",
            "\n".join(f"m.k{i}.x = 1" for i in range(50_000)),
            "too large for a recipe: more than 262,144 bytes",
        ),
        ("a.toml", "lr = " + "[" * 50_000, "nested too deeply"),
        ("a.json", "[" * 200_000, "nested too deeply"),
        ("a.json", '{"m":' * 200_000, "nested too deeply"),
        ("a.json", " " * (16 << 20) + "{}", "too large for a recipe: more than 16,777,216 bytes"),
        (
            "a.json",
            "{" + ",".join(f'"k{i}": 1' for i in range(50_000)) + ', "lr": 1, "lr": 2}',
            "'lr' is there 2 times",
        ),
    ],
)
def test_a_configuration_that_is_too_large_or_too_deep_is_refused_at_once(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    began = time.monotonic()
    with pytest.raises(BadInput, match=message) as caught:
        read_config(tmp_path / name)
    assert time.monotonic() - began < 5
    assert len(str(caught.value)) < 400
    assert str(caught.value).startswith(f"--config {tmp_path / name}")


def test_a_configuration_may_have_comments_of_dots_and_any_line_endings(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"# " + b"." * 500 + b'\r\nmodel = "mlp"\r\nlr = 0.5\r\n')
    assert read_config(tmp_path / "a.toml") == {"model": "mlp", "lr": 0.5}


def test_an_unknown_model_is_bad_input_with_a_suggestion():
    with pytest.raises(BadInput, match=r"did you mean mlp\?"):
        recipe_for("mpl")
    assert did_you_mean("MLP", ["cnn", "mlp"]) == "; did you mean mlp?"


def test_a_model_without_recipes_is_listed(monkeypatch):
    monkeypatch.setattr("zoo.train.config.recipe.find_spec", lambda name, package: None)
    assert book("mlp").recipes == ()
