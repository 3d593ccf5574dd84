"""The task of bits: its scores by hand, and a run from data to predictions and picture."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import lstm, ntm
from zoo.layers import Sequence
from zoo.train import RunOptions, recipe_for, run
from zoo.train.cli import run as command
from zoo.train.tasks import task_for
from zoo.train.tasks._memory_figure import carries_over

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)


def test_loss_and_scores_count_the_bits_with_a_target_alone():
    z = rng.normal(size=(3, 4, 2))
    y = np.array([[[-1, -1], [1, 0], [0, 1], [-1, -1]]] * 2 + [[[-1, -1]] * 4])
    z[1, 1:3] = np.where(y[1, 1:3] > 0, 4, -4)
    z[:, 0] = np.nan
    task, there = task_for("bits", outputs=2), y[0, 1:3] > 0
    entropy = np.log1p(np.exp(-np.where(there, z[:2, 1:3], -z[:2, 1:3]))).mean((1, 2))
    wrong = ((z[0, 1:3] > 0) != there).sum()
    assert 0 < wrong < 4
    found = {"loss": task.loss, **task.metrics}
    wanted = {"loss": [*entropy, 0], "wrong_bits": [wrong, 0, 0], "bit_accuracy": [1 - wrong / 4, 1, 1]}
    wanted["exact_match"] = [0, 1, 1]
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name](jnp.float32(z), jnp.asarray(y)), values, rtol=1e-5, atol=1e-6)
    gradient = jax.grad(lambda z: task.loss(z, jnp.asarray(y)).sum())(jnp.float32(np.nan_to_num(z)))
    assert np.isfinite(gradient).all()


def test_targets_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"outputs \(1, 2, 3\) require targets of the same shape, got \(1, 2\)"):
        task_for("bits", outputs=3).loss(jnp.zeros((1, 2, 3)), jnp.zeros((1, 2)))


@pytest.mark.parametrize("model", [ntm(2, each=True, width=4, slots=4, features=2), lstm(2, each=True, width=4)])
def test_the_carry_of_each_step_is_that_of_the_sequence_so_far(model):
    x = jnp.asarray(rng.normal(size=(2, 4, 3)), jnp.float32)
    params, state = jax.jit(model.init)(jax.random.key(0), x)
    y, carries = carries_over(model, params, state, x)
    whole = jax.jit(model.apply)(params, state, Sequence(x))[0]
    np.testing.assert_allclose(jnp.swapaxes(y, 0, 1), whole.y, rtol=1e-5, atol=1e-6)
    for leaf, last in zip(jax.tree.leaves(carries), jax.tree.leaves(whole.carry), strict=True):
        np.testing.assert_allclose(leaf[-1], last, rtol=1e-5, atol=1e-6)


def test_a_run_draws_the_memory_and_predicts_bits(tmp_path, capsys):
    recipe = recipe_for("ntm", "copy_bits")
    recipe = replace(recipe, d={"longest": 2, "examples": 64, "bits": 3}, m={"width": 6, "slots": 4, "features": 3})
    result = run(replace(recipe, steps=3), RunOptions(out=tmp_path / "run", quiet=True))
    assert {"wrong_bits", "bit_accuracy", "exact_match"} <= result.metrics.keys()
    assert (tmp_path / "run" / "plots" / "memory.png").stat().st_size > 5000
    np.save(tmp_path / "x.npy", np.zeros((1, 5, 4), np.float32))
    assert command(["predict", str(tmp_path / "run"), str(tmp_path / "x.npy"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert np.shape(said["bits"]) == (5, 3)
    np.testing.assert_array_equal(np.array(said["probabilities"]) > 0.5, said["bits"])
