"""Sparse training: the divergence by numpy, the target rate on unseen examples, the report of evaluations."""

from functools import partial

import jax
import numpy as np
import pytest

from zoo import mlp, sae
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.trainers.sparse import divergence

pytestmark = pytest.mark.usefixtures("quick_compiler")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6)).astype(np.float32)
KEY = jax.random.key(0)


def trainer(model, **options):
    recipe = Recipe("sae", "iris", trainer="sparse", task="reconstruct", lr=0.05, sched="cosine", t=options)
    return make(model, task_for("reconstruct"), Run(recipe, 400, 100, data_parallel()))


def test_the_divergence_is_that_of_two_coins():
    rates, target = np.array([0.02, 0.1, 0.7]), 0.1
    wanted = target * np.log(target / rates) + (1 - target) * np.log((1 - target) / (1 - rates))
    np.testing.assert_allclose(divergence(rates, target), wanted, rtol=1e-4, atol=1e-6)
    assert np.isfinite(divergence(np.array([0.0, 1.0]), target)).all()


def test_units_are_active_at_the_target_rate_on_unseen_examples_as_evaluations_report():
    model = sae((6,), hidden=12)
    rule = trainer(model, target=0.1, weight=10.0)

    @jax.jit
    def trained(key):
        def step(fit, i):
            rows = jax.random.choice(jax.random.fold_in(key, i), X[:300], (100,))
            return rule.step(fit, {"x": rows}, key)[0], None

        return jax.lax.scan(step, rule.init(key, {"x": X[:100]}), np.arange(400))[0]

    fit = trained(KEY)
    held = {"x": X[300:], "weight": (np.arange(100) < 90).astype(np.float32)}
    sums = jax.jit(partial(rule.evaluate, key=KEY))(fit, held)
    found = rule.finish({name: np.asarray(total) / weight for name, (total, weight) in sums.items()})
    w, b = (np.asarray(fit["params"]["body"]["0"][leaf], np.float64) for leaf in "wb")
    rates = (1 / (1 + np.exp(-(X[300:390] @ w + b)))).mean(axis=0)
    assert float(found["activation"]) == pytest.approx(rates.mean(), rel=1e-4)
    assert float(found["activation_spread"]) == pytest.approx(rates.std(), rel=1e-3)
    assert float(found["activation"]) == pytest.approx(0.1, rel=0.1)


def test_the_penalty_changes_the_gradient_and_not_the_reported_loss():
    model, batch = sae((6,), hidden=12), {"x": X[:50]}
    plain, heavy = (trainer(model, weight=weight, penalty="l1") for weight in (0.0, 5.0))
    fit = plain.init(KEY, batch)
    (one, first), (other, second) = (jax.jit(each.step)(fit, batch, KEY) for each in (plain, heavy))
    assert float(first["loss"]) == pytest.approx(float(second["loss"]), rel=1e-5)
    assert float(second["grad_norm"]) > float(first["grad_norm"])
    assert not np.allclose(one["params"]["body"]["0"]["b"], other["params"]["body"]["0"]["b"])


def test_a_model_without_hidden_units_is_refused():
    with pytest.raises(BadInput, match="such as those of --model sae"):
        trainer(mlp(6))
