"""Least squares batch by batch ends at the solution for all examples, whatever the size of the batches."""

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
from zoo.train.trainers.sequential_least_squares import sequential_least_squares

pytestmark = pytest.mark.usefixtures("quick_compiler")

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
Y = (np.sin(X[:, 0]) + 3).astype(np.float32)


def trainer(model, task, batch, steps, per_epoch=None, examples=50, ridge=0.1):
    recipe = Recipe("elm", "digits", trainer="sequential_least_squares", batch_size=batch)
    run = Run(recipe, steps, per_epoch or steps, data_parallel(), np.zeros(examples) if examples else None)
    return sequential_least_squares(model, task, run, ridge=ridge)


def trained(model, task, y, batch):
    """Trains one pass; the last batch is filled with the first examples, as the feed does."""
    steps = -(-len(X) // batch)
    made = trainer(model, task, batch, steps)
    order = np.resize(np.random.default_rng(1).permutation(len(X)), steps * batch)
    fit = jax.jit(made.init)(jax.random.key(0), {"x": X[:batch], "y": y[:batch]})
    step = jax.jit(made.step)
    for i in range(steps):
        rows = order[i * batch : (i + 1) * batch]
        fit, told = step(fit, {"x": jnp.asarray(X[rows]), "y": jnp.asarray(y[rows])}, jax.random.key(i))
    return fit, told


def reference(h, y, ridge):
    """Ridge regression by numpy in float64, the bias without a penalty."""
    h, y = np.asarray(h, np.float64), np.asarray(y, np.float64).reshape(len(h), -1)
    n = h.shape[1]
    penalty = np.concatenate([np.sqrt(ridge) * np.eye(n), np.zeros((n, 1))], axis=1)
    system = np.concatenate([np.concatenate([h, np.ones((len(h), 1))], axis=1), penalty])
    w = np.linalg.lstsq(system, np.concatenate([y, np.zeros((n, y.shape[1]))]), rcond=None)[0]
    return h @ w[:n] + w[n]


@pytest.mark.parametrize("batch", [7, 16, 50])
def test_one_pass_of_batches_gives_the_solution_for_all_examples_each_counted_once(batch):
    model = elm(1, hidden=20)
    fit, _ = trained(model, task_for("regression", outputs=1), Y, batch)
    want = reference(model.features(fit["params"], {}, X), Y, 0.1)
    np.testing.assert_allclose(model.apply(fit["params"], {}, X)[0], want, rtol=1e-3)


def test_classes_get_the_solution_times_one_factor():
    model, y = elm(3, hidden=20), np.argmax(X, axis=1).astype(np.int32)
    fit, told = trained(model, task_for("multiclass", outputs=3), y, 16)
    want = reference(model.features(fit["params"], {}, X), 2.0 * np.eye(3)[y] - 1, 0.1)
    made = np.asarray(model.apply(fit["params"], {}, X)[0], np.float64)
    factor = np.sum(made * want) / np.sum(want**2)
    np.testing.assert_allclose(made, factor * want, atol=1e-3 * np.abs(made).max())
    assert 0 < float(told["loss"]) < np.log(3)


@pytest.mark.parametrize(
    ("model", "steps", "ridge", "message"),
    [
        (mlp(3), 4, 1.0, "needs a model with features"),
        (elm(3), 8, 1.0, "in one pass, not 2"),
    ],
)
def test_what_cannot_be_solved_is_refused(model, steps, ridge, message):
    with pytest.raises(BadInput, match=message):
        trainer(model, task_for("multiclass", outputs=3), 13, steps, per_epoch=4, ridge=ridge)
