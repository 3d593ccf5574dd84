"""A run is opened with its recipe and its weights; one that the playground cannot show is named."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from tests.train.playground.pages import Page
from zoo.train.config.recipe import recipe_for
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput, CheckpointUnusable
from zoo.train.playground.opened import start_of, state_of
from zoo.train.runs.run import run

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_a_run_is_opened_with_its_recipe_and_its_weights(tmp_path):
    recipe = replace(recipe_for("logistic", "gauss"), steps=3, lr=0.2, d={"noise": 10.0, "examples": 60})
    trained = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False)).load()
    name = str(tmp_path / "run")
    state = state_of(name)
    assert (state.model, state.dataset) == ("logistic", "gauss")
    assert {key: state.given[key] for key in ("steps", "lr", "d.noise", "d.examples")} == {
        "steps": 3, "lr": 0.2, "d.noise": 10.0, "d.examples": 60,
    }  # fmt: skip
    page = Page(start=state, warm=lambda built: start_of(name, built))
    page.ask(do="state", state={})
    assert page.next("built")[0]["set"] == dict(state.given)
    surface = page.next("frame")[1]["surface"]
    side = np.linspace(-6, 6, 60)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    np.testing.assert_allclose(surface, trained.probabilities(grid), atol=1e-5)
    opened = page.session._steps.now.fit["params"]
    jax.tree.map(np.testing.assert_array_equal, jax.tree.map(np.array, opened), jax.tree.map(np.array, trained.params))
    page.close()


def test_a_run_of_other_data_is_refused_with_what_can_be_opened():
    with pytest.raises(
        BadInput, match=r"cnn-digits holds cnn on digits: the playground opens runs of .*hopfield, .*mlp"
    ):
        state_of("cnn-digits")
    with pytest.raises(CheckpointUnusable, match="no model at nowhere"):
        state_of("nowhere")
