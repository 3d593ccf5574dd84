"""The task of capsules: margin loss and reconstruction by hand, runs with one object and with two, and pictures."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import capsule
from zoo.train import RunOptions, recipe_for, run
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
SMALL = {"filters": (4,), "primary": 2, "features": 4, "hidden": (8,)}


def test_the_loss_is_the_margin_loss_and_the_weighted_sum_of_squared_errors():
    lengths, y = rng.uniform(size=(3, 4)), np.array([0, 3, 1])
    made, x = rng.uniform(size=(2, 3, 5, 5, 1))
    wanted = []
    for row in range(3):
        margins = [max(0, 0.9 - v) ** 2 if k == y[row] else 0.5 * max(0, v - 0.1) ** 2
                   for k, v in enumerate(lengths[row])]  # fmt: skip
        wanted.append(sum(margins) + 0.25 * ((made[row] - x[row]) ** 2).sum())
    task = task_for("capsules", outputs=4, reconstruction=0.25)
    found = task.loss((jnp.float32(lengths), jnp.float32(made)), (jnp.float32(x), jnp.asarray(y)))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_as_many_classes_are_predicted_as_there_are_objects():
    lengths = jnp.array([[0.2, 0.9, 0.8, 0.1]])
    assert task_for("capsules", outputs=4).predict(lengths).tolist() == [1]
    assert task_for("capsules", outputs=4, objects=2).predict(lengths).tolist() == [[0, 1, 1, 0]]


def test_only_the_capsules_of_the_given_classes_are_decoded_and_objects_lie_over_each_other():
    model, x = capsule(3, shape=(6, 6, 1), **SMALL), jnp.asarray(rng.uniform(size=(2, 6, 6, 1)), jnp.float32)
    params, state = jax.jit(model.init)(jax.random.key(0), x)
    (lengths, made), _ = jax.jit(model.apply)(params, state, (x, jnp.array([[0, 2], [1, 0]])))
    poses = np.asarray(model.routed(params, state, x).y, np.float64)
    np.testing.assert_allclose(lengths, np.linalg.norm(poses, axis=-1), atol=1e-5)
    np.testing.assert_allclose(model.apply(params, state, x)[0], lengths, atol=1e-6)
    p: dict = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params["decoder"])

    def decoded(row, number):
        z = np.zeros((3, 4))
        z[number] = poses[row, number]
        hidden = np.maximum(z.ravel() @ p["0"]["w"] + p["0"]["b"], 0)
        return 1 / (1 + np.exp(-(hidden @ p["out"]["0"]["w"] + p["out"]["0"]["b"])))

    for row, (first, second) in enumerate([(0, 2), (1, 0)]):
        wanted = 1 - (1 - decoded(row, first)) * (1 - decoded(row, second))
        np.testing.assert_allclose(made[row].ravel(), wanted, atol=1e-5)


def test_images_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match=r"2 convolutions of 3x3 need images .* of at least 5x5 pixels, got"):
        capsule(3, shape=(4, 4, 1))


@pytest.mark.parametrize("data", ["digits", "multi_digits"])
def test_a_run_scores_and_draws_reconstructions_numbers_and_routing(data, tmp_path):
    recipe = recipe_for("capsule", data)
    recipe = replace(recipe, m=SMALL, d={"examples": 64} if data == "multi_digits" else {}, steps=2)
    result = run(recipe, RunOptions(out=tmp_path, quiet=True))
    assert {"accuracy", "margin_loss", "sse", "loss"} <= result.metrics.keys()
    loss = result.metrics["margin_loss"] + recipe.t.get("reconstruction", 0.0005) * result.metrics["sse"]
    assert result.metrics["loss"] == pytest.approx(loss, rel=1e-5)
    drawn = {path.name for path in (tmp_path / "plots").iterdir()}
    assert {"reconstructions.png", "dimensions.png", "routing.png"} <= drawn


def test_another_model_than_one_of_capsules_is_refused():
    with pytest.raises(BadInput, match="--task capsules requires a model with the capability `routed`; cnn has none"):
        run(replace(recipe_for("cnn"), task="capsules", steps=1), RunOptions(quiet=True))
