"""The scores beside that of the liquid: a read-out of the filtered input, and the most frequent class."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.elm import elm
from zoo.lsm import lsm
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run
from zoo.train.trainers.liquid_read_out import liquid_read_out

pytestmark = pytest.mark.usefixtures("quick_compiler")


def made(model, **options):
    run = Run(Recipe("lsm", "spike_templates", trainer="liquid_read_out"), 1, 1, data_parallel())
    return liquid_read_out(model, task_for("spikes", outputs=3), run, **options)


def test_the_baselines_are_those_of_numpy():
    rng = np.random.default_rng(0)
    y = rng.choice(3, 90, p=[0.2, 0.5, 0.3]).astype(np.int32)
    x = (rng.random((90, 12, 4)) < 0.1 + 0.2 * (y[:, None, None] == np.arange(4))).astype(np.float32)
    batch = {"x": jnp.asarray(x), "y": jnp.asarray(y), "weight": jnp.ones(90)}
    trainer = made(lsm(3, grid=(3, 2, 1), decay=5.0), ridge=0.5)

    @jax.jit
    def run(key, batch):
        fit, metrics = trainer.step(trainer.init(key, batch), batch, key)
        return fit, metrics, trainer.evaluate(fit, batch, key)

    fit, metrics, sums = run(jax.random.key(0), batch)
    traces = np.einsum("t,btc->bc", np.exp(-(11 - np.arange(12)) / 5), x.astype(float))
    system = np.concatenate([np.c_[traces, np.ones(90)], np.c_[np.sqrt(0.5) * np.eye(4), np.zeros(4)]])
    w = np.linalg.lstsq(system, np.concatenate([2 * np.eye(3)[y] - 1, np.zeros((4, 3))]), rcond=None)[0]
    right = ((np.c_[traces, np.ones(90)] @ w).argmax(1) == y).sum()
    assert int(fit["state"]["frequent"]) == np.bincount(y).argmax() == 1
    assert float(sums["chance"][0]) == (y == 1).sum()
    assert float(sums["raw_accuracy"][0]) == right > (y == 1).sum()
    assert float(metrics["loss"]) == pytest.approx(float(sums["loss"][0]) / 90, rel=1e-5)


def test_a_model_without_a_liquid_and_examples_of_several_lengths_are_refused():
    with pytest.raises(BadInput, match="trains the model lsm"):
        made(elm(3))
    x = jnp.zeros((4, 6, 2))
    with pytest.raises(BadInput, match="reads examples of one length"):
        made(lsm(3)).init(jax.random.key(0), {"x": x, "y": jnp.zeros(4, int), "lengths": jnp.array([1, 2, 3, 6])})
