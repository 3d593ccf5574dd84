"""The task of rendering images from attributes: scores by hand, knobs, a short run, and what is refused."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from zoo import deconvolutional
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.tasks._rendering_figures import knobs

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_the_ratio_is_that_of_the_squared_error_of_each_image():
    rng = np.random.default_rng(0)
    made, real = rng.uniform(size=(2, 5, 12))
    wanted = 10 * np.log10(1 / np.square(made - real).mean(axis=1))
    found = task_for("rendering", outputs=12).metrics["psnr"](jnp.float32(made), jnp.float32(real))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_targets_of_another_shape_are_refused():
    task = task_for("rendering", outputs=12)
    with pytest.raises(BadInput, match="rows of 12 numbers"):
        task.loss(jnp.zeros((2, 12)), jnp.zeros(2))


def test_columns_of_which_one_is_1_are_one_knob():
    x = np.array([[0, 1, 0, 0.5, 1, 0], [1, 0, 0, 0.0, 1, 0], [0, 0, 1, 0.0, 0, 1]])
    assert knobs(x) == [(0, 1, 2), (3,), (4, 5)]
    assert knobs(np.array([[0, 1.0], [0, 0]])) == [(0,), (1,)]


@pytest.mark.parametrize(("outputs", "words"), [(5, "square images"), (3 * 12 * 12, "divisible by 8")])
def test_numbers_that_are_no_image_are_refused(outputs, words):
    with pytest.raises(ValueError, match=words):
        deconvolutional(outputs)


def test_a_short_run_learns_draws_and_predicts_images(tmp_path):
    small = {"filters": (4, 8), "hidden": (32,)}
    recipe = replace(recipe_for("deconvolutional"), m=small, d={"examples": 300}, epochs=5, batch_size=20, lr=5e-3)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    assert result.metrics["psnr"] > 10
    assert {"rendered.png", "knobs.png"} <= {path.name for path in (tmp_path / "run" / "plots").iterdir()}
    assert result.scores["baseline"]["name"] == "mean image"
    trained = result.load()
    example = result.setup.data.test.x[0]
    image = trained.predict(example)
    assert image.shape == (3072,)
    assert (image.min() >= 0) & (image.max() <= 1)
