"""The read-out along a series equals numpy's least squares, for any number of blocks, and continues where it ended."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import elm, esn
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run
from zoo.train.trainers import teacher_forcing as module
from zoo.train.trainers.teacher_forcing import teacher_forcing

pytestmark = pytest.mark.usefixtures("quick_compiler")

X = np.sin(np.arange(230) / 5)[None, :, None].astype(np.float32) + np.cos(np.arange(230) / 3)[None, :, None] / 2


def trained(x=X, ridge=1e-4, model=None, task=None, steps=1, **options):
    model = model or esn(5, each=True, **{"units": 40, "degree": 5, "washout": 30} | options)
    run = Run(Recipe("esn", "sine", trainer="teacher_forcing"), steps, 1, data_parallel())
    trainer = teacher_forcing(model, task or task_for("forecast", outputs=5), run, ridge=ridge)
    batch = {"x": jnp.asarray(x, jnp.float32), "y": jnp.asarray(x[:, 1:])}
    fit, metrics = jax.jit(lambda key: trainer.step(trainer.init(key, batch), batch, key))(jax.random.key(0))
    return model, fit, metrics


def reference(rows, y, ridge):
    """Ridge regression by numpy in float64, the bias without a penalty."""
    rows, y = np.asarray(rows, np.float64), np.asarray(y, np.float64)
    n = rows.shape[1]
    system = np.block([[rows, np.ones((len(rows), 1))], [np.sqrt(ridge) * np.eye(n), np.zeros((n, 1))]])
    return np.linalg.lstsq(system, np.concatenate([y, np.zeros((n, y.shape[1]))]), rcond=None)[0]


@pytest.mark.parametrize(("ridge", "units"), [(1e-4, 40), (1e-8, 40), (1e-6, 199)])
def test_forecasts_equal_those_of_numpys_least_squares(ridge, units):
    """Also where there are as many units as training steps, the peak of the error without a ridge."""
    model, fit, metrics = trained(ridge=ridge, units=units)
    rows = model.features(fit["params"], fit["state"], X)[0]
    w = reference(rows[30:-1], X[0, 31:], ridge)
    want = np.concatenate([np.asarray(rows, np.float64), np.ones((230, 1))], axis=1) @ w
    made = model.apply(fit["params"], fit["state"], X)[0][0]
    assert np.linalg.norm(made - want) / np.linalg.norm(want) < 1e-3
    if units == 40:
        errors = np.square(want[30:-1] - X[0, 31:]).mean() + ridge * np.square(w[:-1]).sum() / 199
        assert float(metrics["loss"]) == pytest.approx(errors, rel=1e-2, abs=1e-10)


def test_blocks_of_steps_give_all_of_them(monkeypatch):
    _, whole, _ = trained()
    monkeypatch.setattr(module, "_STEPS", 64)  # four blocks, the last with padding
    model, parts, _ = trained()
    made = [model.apply(fit["params"], fit["state"], X)[0] for fit in (whole, parts)]
    np.testing.assert_allclose(*made, atol=1e-4)
    np.testing.assert_allclose(whole["state"]["last"], parts["state"]["last"], atol=1e-6)


def test_the_trained_state_continues_from_the_end_of_the_training_series():
    model, fit, _ = trained(ridge=1e-8)
    params, state = fit["params"], fit["state"]
    made = model.generate(params, state, state["last"][None], 5)
    np.testing.assert_allclose(state["last"], model.features(params, state, X)[0, -1], atol=1e-6)
    t = np.arange(230, 235)
    np.testing.assert_allclose(made[0, :, 0], np.sin(t / 5) + np.cos(t / 3) / 2, atol=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": X[:, :31]}, "has 31 values, which leaves no step to learn from after the 30 of --m.washout"),
        ({"task": task_for("regression")}, "Give a series with --d.whole"),
        ({"model": elm(1, hidden=3), "task": task_for("regression")}, "--d.whole"),
        ({"steps": 2}, "in one step, not 2"),
    ],
)
def test_what_cannot_be_learned_is_refused(options, message):
    with pytest.raises(BadInput, match=message):
        trained(**options)
