"""Recalls and chains on the page are those of the model, cell by cell and energy by energy."""

import numpy as np
import pytest

import zoo
from tests.train.playground.pages import Page
from zoo.train.trained.model import loads

pytestmark = pytest.mark.usefixtures("quick_compiler")
LETTERS = {
    "rows": 5,
    "columns": 5,
    "cells": ["1111110000100001000011111", "1000110001111111000110001", "1111100100001000010000100"],
}
CELLS = {"1": 1, "0": -1, "?": 0}


@pytest.fixture
def page():
    page = Page()
    yield page
    page.close()


def step(page):
    page.ask(do="step")
    return page.next("frame")


def recall(page, cells, flip=0.0, hide="none", seed=0):
    page.ask(do="recall", cells=cells, flip=flip, hide=hide, seed=seed)
    return page.next("recall")


def test_a_damaged_pattern_is_recalled_as_the_model_recalls_it_and_the_energy_falls(page):
    built, _ = page.show("hopfield", "patterns", LETTERS)
    assert (built["stage"], built["recalls"], built["rows"], built["columns"]) == ("patterns", True, 5, 5)
    stored = step(page)[1]["stored"]
    x = np.array([[CELLS[cell] for cell in each] for each in LETTERS["cells"]])
    np.testing.assert_array_equal(stored.reshape(3, 25), x)
    header, arrays = recall(page, LETTERS["cells"][1], flip=0.12)
    states, energy = arrays["states"], arrays["energy"]
    assert (states[0].ravel() != x[1]).sum() == 3
    page.ask(do="model")
    model = loads(page.next("file")[1]["content"].tobytes())
    found = model.recall((states[:1] > 0).astype(np.uint8)[..., None])
    np.testing.assert_array_equal(states[-1], found.pattern[0, ..., 0])
    w = np.asarray(model.params["memory"]["w"], np.float64)
    flat = states.reshape(len(states), -1).astype(np.float64)
    np.testing.assert_allclose(energy, -0.5 * np.einsum("si,ij,sj->s", flat, w, flat) / 25, atol=1e-4)
    assert (np.diff(energy) <= 1e-6).all()
    assert (header["wrong"], header["nearest"], header["overlap"]) == (0, 1, 1)


def test_a_hidden_half_is_unknown_and_completed(page):
    page.show("hopfield", "patterns", LETTERS)
    step(page)
    _, arrays = recall(page, LETTERS["cells"][0], hide="lower")
    assert (arrays["states"][0][3:] == 0).all()
    assert (arrays["states"][0][:3] != 0).all()
    header, arrays = recall(page, LETTERS["cells"][0][:15] + "?" * 10)
    assert (arrays["states"][0][3:] == 0).all()
    assert (np.abs(arrays["states"][-1]) == 1).all()
    assert header["nearest"] == 0


def test_the_same_damage_has_the_same_number(page):
    page.show("hopfield", "patterns", LETTERS)
    step(page)
    one, same, other = (recall(page, LETTERS["cells"][0], flip=0.2, seed=seed)[1]["states"][0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_digits_are_stored_as_the_recipe_chooses_them(page):
    built, _ = page.show("hopfield", "digits")
    assert (built["rows"], built["length"]) == (8, 1)
    assert step(page)[1]["stored"].shape == (6, 8, 8)
    assert any("stored   6 of 1,797" in note for note in built["notes"])


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"cells": "01"}, "cells must be a text of 25 characters .*, got 2"),
        ({"cells": "2" * 25}, "cells must be a text of 25 characters"),
        ({"cells": "1" * 25, "flip": 1.5}, "flip, a share from 0 to 1"),
        ({"cells": "1" * 25, "hide": "all"}, "one of none, lower, upper, left, right"),
    ],
)
def test_a_picture_of_another_form_is_named(page, message, told):
    page.show("hopfield", "patterns", LETTERS)
    with pytest.raises(AssertionError, match=told):
        recall(page, **message)
    assert recall(page, "1" * 25)[1]["states"].shape[1:] == (5, 5)


def test_a_model_without_patterns_says_so(page):
    page.show("logistic", "gauss")
    with pytest.raises(AssertionError, match="logistic follows no pattern here"):
        recall(page, "1")


def test_a_machine_shows_its_filters_and_a_chain_whose_free_energies_are_those_by_hand(page):
    given = {"m.hidden": 4, "d.side": 3, "t.chains": 10, "epochs": 2}
    built, _ = page.show("rbm", "bars_and_stripes", **given)
    frame, arrays = step(page)
    assert arrays["filters"].shape == (4, 3, 3)
    assert arrays["chains"].shape == (10, 3, 3)
    assert {*np.unique(arrays["chains"])} <= {0, 1}
    for split in ("train", "test"):
        assert {"free_energy", "log_likelihood"} <= {*frame["scores"][split]}
    assert built["recalls"] is False
    params = {name: np.asarray(each, np.float64) for name, each in _machine(page).items()}
    np.testing.assert_allclose(arrays["filters"].reshape(4, 9).T, params["w"], atol=1e-6)
    states, energy = (recall(page, "111000000", flip=0.0)[1][name] for name in ("states", "energy"))
    v = (states.reshape(len(states), -1) + 1) / 2
    free = -v @ params["a"] - np.log1p(np.exp(v @ params["w"] + params["b"])).sum(axis=1)
    np.testing.assert_allclose(energy, free, atol=1e-4)


def _machine(page):
    params = page.session._steps.now.fit["params"]
    return {"w": params["body"]["0"]["w"], "b": params["body"]["0"]["b"], "a": params["visible"]["b"]}


@pytest.mark.expensive
@pytest.mark.parametrize("model", ["hopfield", "rbm"])
def test_the_code_repeats_what_was_learned_of_own_pictures(page, model, tmp_path, monkeypatch):
    page.show(model, "patterns", LETTERS, **({"epochs": 3} if model == "rbm" else {}))
    page.ask(do="play")
    while page.next("frame")[0]["playing"]:
        pass
    page.ask(do="model")
    mine = loads(page.next("file")[1]["content"].tobytes())
    page.ask(do="home")
    home = page.next("home")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "patterns.txt").write_text(home["files"]["patterns.txt"])
    code = {"zoo": zoo}
    exec(home["python"].replace("test=0", "test=0, quiet=True"), code)
    x = np.array([[int(cell) for cell in each] for each in LETTERS["cells"]], np.uint8).reshape(-1, 5, 5, 1)
    np.testing.assert_allclose(mine.outputs(x), code["model"].outputs(x), rtol=1e-4, atol=1e-5)
