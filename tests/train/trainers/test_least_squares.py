"""The closed form equals least squares of numpy in float64 for any number of rows, and refuses what it cannot do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import elm, mlp
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run
from zoo.train.trainers import least_squares as module
from zoo.train.trainers.least_squares import by_rows, least_squares, ridge_regression

pytestmark = pytest.mark.usefixtures("quick_compiler")


def reference(h, y, ridge):
    """Ridge regression by numpy, the bias without a penalty."""
    n = h.shape[1]
    penalty = np.concatenate([np.sqrt(ridge) * np.eye(n), np.zeros((n, 1))], axis=1)
    system = np.concatenate([np.concatenate([h, np.ones((len(h), 1))], axis=1), penalty])
    w = np.linalg.lstsq(system, np.concatenate([y, np.zeros((n, y.shape[1]))]), rcond=None)[0]
    return w[:n], w[n]


def relative(got, want):
    return np.linalg.norm(np.asarray(got, np.float64) - want) / np.linalg.norm(want)


@pytest.mark.parametrize("rows", [7, 4096, 5001])
def test_the_solution_is_that_of_numpy(rows):
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 12)).astype(np.float32) + 3
    y = (np.tanh(x[:, :2]) + 5 + 0.1 * rng.normal(size=(rows, 2))).astype(np.float32)
    head = jax.jit(lambda x, y: ridge_regression(lambda x: x, x, y, 0.5))(x, y)
    w, b = reference(x.astype(np.float64), y.astype(np.float64), 0.5)
    assert relative(x @ head["w"] + head["b"], x @ w + b) < 1e-5
    np.testing.assert_allclose(head["w"], w, atol=1e-4)


def test_columns_that_normal_equations_cannot_tell_apart_are_told_apart():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(400, 1))
    x = np.concatenate([first, first + 3e-4 * rng.normal(size=(400, 1))], axis=1).astype(np.float32)
    y = ((x[:, 1:] - x[:, :1]) * 1e3).astype(np.float32)
    head = ridge_regression(lambda x: x, jnp.asarray(x), jnp.asarray(y), 1e-6)
    w, b = reference(x.astype(np.float64), y.astype(np.float64), 1e-6)
    assert relative(x @ head["w"] + head["b"], x @ w + b) < 1e-3
    centred = x - x.mean(0)
    normal = np.linalg.solve(centred.T @ centred + np.float32(1e-6) * np.eye(2, dtype=np.float32), centred.T @ y)
    assert relative(centred @ normal, centred @ w) > 1e-3


def trained(task, outputs, x, y, ridge=0.1):
    run = Run(Recipe("elm", "digits", trainer="least_squares"), 1, 1, data_parallel())
    trainer = least_squares(elm(outputs, hidden=20), task, run, ridge=ridge)
    batch = {"x": jnp.asarray(x, jnp.float32), "y": jnp.asarray(y)}
    return jax.jit(lambda key: trainer.step(trainer.init(key, batch), batch, key))(jax.random.key(0)), batch


def test_numbers_are_regressed_and_classes_get_probabilities():
    rng = np.random.default_rng(1)
    x, model = rng.normal(size=(60, 3)), elm(3, hidden=20)
    y = np.argmax(x, axis=1).astype(np.int32)
    (fit, metrics), batch = trained(task_for("multiclass", outputs=3), 3, x, y)
    h = np.asarray(model.features(fit["params"], {}, batch["x"]), np.float64)
    w, b = reference(h, 2.0 * np.eye(3)[y] - 1, 0.1)
    made = np.asarray(model.apply(fit["params"], {}, batch["x"])[0], np.float64)
    scale = np.sum(made * (h @ w + b)) / np.sum(np.square(h @ w + b))
    assert relative(made, scale * (h @ w + b)) < 1e-4

    def loss(outputs):
        return np.mean(np.log(np.exp(outputs).sum(1)) - outputs[np.arange(60), y])

    assert float(metrics["loss"]) == pytest.approx(loss(made), rel=1e-4)
    assert loss(made) <= min(loss(1.1 * made), loss(made / 1.1)) + 1e-6

    y = rng.normal(size=60).astype(np.float32)
    (fit, metrics), batch = trained(task_for("regression", outputs=1), 1, x, y)
    h = np.asarray(model.features(fit["params"], {}, batch["x"]), np.float64)
    w, b = reference(h, y[:, None].astype(np.float64), 0.1)
    assert relative(h @ fit["params"]["head"]["w"] + fit["params"]["head"]["b"], h @ w + b) < 1e-4


def test_parts_of_the_rows_give_all_of_them(monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 4)
    x = jnp.arange(18.0).reshape(9, 2)
    np.testing.assert_array_equal(by_rows(lambda x: x + 1, x), x + 1)


@pytest.mark.parametrize(
    ("model", "steps", "message"),
    [
        (mlp(3), 1, "needs a model with features; elm has none"),
        (elm(3), 2, "in one step, not 2"),
    ],
)
def test_what_cannot_be_solved_is_refused(model, steps, message):
    run = Run(Recipe("elm", "digits", trainer="least_squares"), steps, 1, data_parallel())
    with pytest.raises(BadInput, match=message):
        least_squares(model, task_for("multiclass", outputs=3), run)


def test_weights_of_examples_are_those_of_repeated_examples():
    rng = np.random.default_rng(0)
    x, y, times = rng.normal(size=(30, 3)), rng.normal(size=(30, 2)), rng.integers(0, 4, 30)
    many, wanted = (jnp.asarray(np.repeat(each, times, axis=0), jnp.float32) for each in (x, y))
    one = ridge_regression(lambda x: x, many, wanted, 0.1)
    other = ridge_regression(lambda x: x, jnp.float32(x), jnp.float32(y), 0.1, jnp.asarray(times, jnp.float32))
    for name in ("w", "b"):
        np.testing.assert_allclose(one[name], other[name], atol=1e-5)
    # By the normal equations in float64: the column of ones is not penalised.
    a = np.hstack([x, np.ones((30, 1))])
    exact = np.linalg.solve(a.T @ (times[:, None] * a) + np.diag([0.1] * 3 + [0]), a.T @ (times[:, None] * y))
    np.testing.assert_allclose(np.vstack([other["w"], other["b"][None]]), exact, atol=1e-5)
