"""Trainers: by a gradient and without one, against numpy by hand."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from zoo import linear, mlp, perceptron
from zoo.train.config.recipe import Recipe
from zoo.train.tasks import task_for
from zoo.train.trainer import eval_params, named_key
from zoo.train.trainers import Run, make
from zoo.train.trainers._gradient import gradient_trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")
RUN = Run(Recipe("perceptron", "iris", trainer="perceptron", lr=1), 10, 10, None)


def plain(optimizer):
    return optax.with_extra_args_support(optimizer)


def test_one_weight_follows_the_golden_trajectory(key):
    task = task_for("regression", "half_mse", 1)
    trainer = gradient_trainer(linear(), task, plain(optax.sgd(optax.constant_schedule(0.1))))
    batch = {"x": jnp.array([[2.0]]), "y": jnp.array([[6.0]])}
    fit = trainer.init(key, batch)
    fit["params"]["head"] = {"w": jnp.array([[5.0]]), "b": jnp.array([0.0])}

    def only_the_weight(fit):  # the article's neuron has no bias
        fit["params"]["head"]["b"] = jnp.array([0.0])
        return fit

    weights, losses = [], []
    for _ in range(3):
        fit, metrics = trainer.step(only_the_weight(fit), batch, key)
        weights.append(float(fit["params"]["head"]["w"][0, 0]))
        losses.append(float(metrics["loss"]))
    np.testing.assert_allclose(weights, [4.2, 3.72, 3.432], rtol=1e-6)
    np.testing.assert_allclose(losses[:2], [8, 2.88], rtol=1e-6)


def test_the_moving_average_of_the_weights_is_what_is_evaluated(key):
    task = task_for("regression", "mse", 1)
    trainer = gradient_trainer(linear(), task, plain(optax.sgd(0.1)), ema=0.9)
    batch = {"x": jnp.ones((4, 2)), "y": jnp.ones((4, 1))}
    fit = trainer.init(key, batch)
    for _ in range(5):
        fit, _ = trainer.step(fit, batch, key)
    chex.assert_trees_all_equal(eval_params(fit)[0], fit["ema"])
    distance = jax.tree.map(lambda a, b: float(jnp.abs(a - b).max()), fit["ema"], fit["params"])
    assert max(jax.tree.leaves(distance)) > 1e-3


def test_padding_counts_for_nothing_whatever_it_holds(key):
    task = task_for("multiclass", outputs=3)
    trainer = gradient_trainer(mlp(3), task, plain(optax.sgd(0.1)))
    x = jax.random.normal(key, (4, 5))
    batch = {"x": x, "y": jnp.array([0, 1, 2, 0])}
    fit = trainer.init(key, batch)
    padding = {"x": x.at[2:].set(jnp.inf), "y": batch["y"], "weight": jnp.array([1.0, 1, 0, 0])}
    first_two = {"x": x[:2], "y": batch["y"][:2], "weight": jnp.ones(2)}
    got, wanted = trainer.evaluate(fit, padding, key), trainer.evaluate(fit, first_two, key)
    chex.assert_trees_all_close(got, wanted, rtol=1e-6)


def test_the_perceptron_changes_nothing_where_it_is_right_and_adds_the_input_where_it_is_wrong(key):
    trainer = make(perceptron(1), task_for("binary", outputs=1), RUN)
    x = np.array([[1.0, 2.0], [-1.0, 1.0], [2.0, -1.0]], np.float32)
    y = np.array([1, 0, 1])
    fit = trainer.init(key, {"x": x, "y": y})
    fit, metrics = trainer.step(fit, {"x": jnp.array(x), "y": jnp.array(y)}, key)
    w, b, mistakes = np.zeros(2), 0.0, 0
    for row, target in zip(x, y, strict=True):
        error = target - float(row @ w + b > 0)
        w, b, mistakes = w + error * row, b + error, mistakes + (error != 0)
    np.testing.assert_allclose(fit["params"]["head"]["w"][:, 0], w)
    np.testing.assert_allclose(fit["params"]["head"]["b"], [b])
    assert float(metrics["loss"]) == pytest.approx(mistakes / 3)


def separable(margin, n=60):
    rng = np.random.default_rng(0)
    direction = np.array([0.6, 0.8])
    x = rng.uniform(-1, 1, (4 * n, 2))
    x = x[np.abs(x @ direction) > margin][:n]
    return x.astype(np.float32), (x @ direction > 0).astype(np.int32)


def epochs_of_mistakes(x, y, epochs, key):
    trainer = make(perceptron(1), task_for("binary", outputs=1), RUN)
    batch = {"x": jnp.array(x), "y": jnp.array(y)}
    fit, counts = trainer.init(key, batch), []
    step = jax.jit(trainer.step)
    for _ in range(epochs):
        fit, metrics = step(fit, batch, key)
        counts.append(round(float(metrics["loss"]) * len(x)))
    return counts


def test_the_perceptron_ends_within_novikoffs_bound_on_separable_data(key):
    margin = 0.1
    x, y = separable(margin)
    radius = np.sqrt(1 + (x**2).sum(1).max())  # the bias is a further input of 1
    counts = epochs_of_mistakes(x, y, 200, key)
    assert counts[-1] == 0
    assert sum(counts) <= (radius / margin) ** 2


def test_the_perceptron_never_learns_xor(key):
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])
    assert min(epochs_of_mistakes(x, y, 200, key)) > 0


def test_xor_is_learned_with_two_hidden_units():
    x = jnp.array([[0, 0], [0, 1], [1, 0], [1, 1]], jnp.float32)
    batch = {"x": x, "y": jnp.array([0, 1, 1, 0])}
    trainer = gradient_trainer(
        mlp(1, hidden=(2,), activation="tanh"), task_for("binary", outputs=1), plain(optax.adam(0.1))
    )
    step = jax.jit(trainer.step)
    fit = trainer.init(jax.random.key(1), batch)
    for _ in range(300):
        fit, metrics = step(fit, batch, jax.random.key(0))
    assert float(metrics["accuracy"]) == 1


def test_streams_of_one_seed_are_told_apart_by_name_and_step(key):
    keys = [named_key(key, name, step) for name in ("init", "order", "step") for step in range(3)]
    assert len({tuple(jax.random.key_data(each).tolist()) for each in keys}) == 9
