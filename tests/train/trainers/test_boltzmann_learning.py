"""Boltzmann learning: its exact step is the gradient of the log-likelihood, its sampled step is near it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import boltzmann, mlp
from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput
from zoo.train.runs.setup import setup
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.trainers.boltzmann_learning import own_codes

pytestmark = pytest.mark.usefixtures("quick_compiler")
X = jnp.asarray(load_data("encoder").train.x, jnp.float32)


def trainer(**options):
    recipe = Recipe("boltzmann", "encoder", trainer="boltzmann_learning", lr=1.0, t=options, steps=10)
    return make(boltzmann((8,)), task_for("density"), Run(recipe, 10, 1, None))


def moved(made, key):
    """The change of weights and biases in a step of rate 1 from weights that are far from 0."""
    fit = made.init(key, {"x": X})
    machine = jax.tree.map(lambda leaf: 8 * leaf, fit["params"]["machine"])
    fit = fit | {"params": {"machine": machine | {"b": jnp.linspace(-1, 1, 10)}}}
    after, _ = jax.jit(made.step)(fit, {"x": X}, key)
    return fit["params"]["machine"], jax.tree.map(jnp.subtract, after["params"]["machine"], fit["params"]["machine"])


def numpy_gradient(machine):
    """The gradient of the mean log-likelihood in float64 by differences of the enumerated log-likelihood."""
    w, b = (np.asarray(machine[name], np.float64) for name in ("w", "b"))
    bits = (np.arange(1024)[:, None] >> np.arange(10)) & 1
    data = np.asarray(X, np.float64)

    def likelihood(w, b):
        logs = 0.5 * np.einsum("si,ij,sj->s", bits, w, bits) + bits @ b
        visible = [np.logaddexp.reduce(logs[(bits[:, :8] == v).all(1)]) for v in data]
        return np.mean(visible) - np.logaddexp.reduce(logs)

    dw, db, small = np.zeros((10, 10)), np.zeros(10), 1e-5
    for i in range(10):
        e = small * np.eye(10)[i]
        db[i] = (likelihood(w, b + e) - likelihood(w, b - e)) / (2 * small)
        for j in range(i):
            e = np.zeros((10, 10))
            e[i, j] = e[j, i] = small
            dw[i, j] = dw[j, i] = (likelihood(w + e, b) - likelihood(w - e, b)) / (2 * small)
    return dw, db


def test_the_exact_step_is_the_gradient_of_the_enumerated_log_likelihood(key):
    machine, change = moved(trainer(phases="exact"), key)
    dw, db = numpy_gradient(machine)
    np.testing.assert_allclose(change["w"], dw, atol=1e-5)
    np.testing.assert_allclose(change["b"], db, atol=1e-5)


def test_the_sampled_step_is_near_the_exact_one(key):
    _, exact = moved(trainer(phases="exact"), key)
    _, sampled = moved(trainer(chains=4000, sweeps=20, collect=20), key)
    np.testing.assert_allclose(sampled["w"], exact["w"], atol=0.03)
    np.testing.assert_allclose(sampled["b"], exact["b"], atol=0.03)
    np.testing.assert_array_equal(sampled["w"], sampled["w"].T)
    assert not np.diag(sampled["w"]).any()


def test_balance_draws_the_hidden_units_to_independent_coins_and_nothing_else(key):
    machine, plain = moved(trainer(phases="exact"), key)
    _, drawn = moved(trainer(phases="exact", balance=2.0), key)
    mean, pairs = boltzmann((8,)).statistics({"machine": machine}, X)
    b, w = (np.asarray(drawn[name]) - np.asarray(plain[name]) for name in ("b", "w"))
    np.testing.assert_allclose(b[8:], 2 * (0.5 - np.asarray(mean)[8:]), atol=1e-5)
    assert w[8, 9] == pytest.approx(2 * (0.25 - float(pairs[8, 9])), abs=1e-5)
    w[8:, 8:] = 0
    np.testing.assert_allclose(w, 0, atol=1e-6)
    np.testing.assert_allclose(b[:8], 0, atol=1e-6)


def test_weights_without_a_connection_stay_0_and_others_decay(key):
    recipe = Recipe("boltzmann", "encoder", trainer="boltzmann_learning", lr=0.5, t={"phases": "exact"}, steps=10)
    model = boltzmann((8,), groups=2)
    fit = jax.jit(lambda key: model.init(key, X)[0])(key)
    fit = {"params": fit, "state": {}, "chains": jnp.zeros((1, 10)), "step": jnp.zeros((), jnp.int32)}
    runs = (Run(replace(recipe, weight_decay=decay), 10, 1, None) for decay in (0.2, 0.0))
    steps = (jax.jit(make(model, task_for("density"), each).step)(fit, {"x": X}, key)[0] for each in runs)
    decayed, plain = (np.asarray(after["params"]["machine"]["w"]) for after in steps)
    assert not decayed[:4, 4:8].any()
    assert decayed[:4, 8:].all()
    np.testing.assert_allclose(plain - decayed, 0.5 * 0.2 * np.asarray(fit["params"]["machine"]["w"]), atol=1e-6)


def test_the_chains_of_the_free_phase_are_part_of_the_fit(key):
    made = trainer(chains=7, sweeps=1, collect=1, temperature=1.0)
    fit = made.init(key, {"x": X})
    strong = jax.tree.map(lambda leaf: 40 * leaf, fit["params"])  # weak weights make chains of the same draws alike
    step = jax.jit(made.step)
    after, _ = step(fit | {"params": strong}, {"x": X}, key)
    assert after["chains"].shape == (7, 10)
    assert (after["chains"] != fit["chains"]).any()
    ends = [step(after | {"chains": chains}, {"x": X}, key)[0] for chains in (after["chains"], 1 - after["chains"])]
    assert (ends[0]["params"]["machine"]["b"] != ends[1]["params"]["machine"]["b"]).any()


def test_a_pattern_has_a_code_of_its_own_if_no_other_pattern_has_it():
    codes = jnp.eye(4)[jnp.array([0, 1, 1, 3, 1])]
    v = jnp.array([[0.0], [1], [2], [3], [1]])
    assert own_codes(codes, v, jnp.ones(5)).tolist() == [1, 0, 0, 1, 0]
    assert own_codes(codes, v, jnp.array([1.0, 1, 0, 1, 1])).tolist() == [1, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chains": 0}, "--t.chains must be a whole number of at least 1, got 0"),
        ({"balance": -1.0}, "--t.balance must be a number of at least 0"),
        ({"balance": float("nan")}, "--t.balance must be a number of at least 0"),
        ({"temperature": 0.5}, "--t.temperature must be a number of at least 1"),
    ],
)
def test_options_out_of_bounds_are_refused(options, message):
    with pytest.raises(BadInput, match=message):
        trainer(**options)
    with pytest.raises(BadInput, match="trains the model boltzmann, not mlp"):
        make(mlp(3), task_for("density"), Run(Recipe("mlp", "iris", trainer="boltzmann_learning"), 1, 1, None))


@pytest.mark.parametrize(
    ("dataset", "changed", "message"),
    [
        ("iris", {}, r"learns patterns of 0 and 1, in iris x\[0, 0\] is 5\.1"),
        ("encoder", {"normalize": "standard"}, "take --normalize none"),
    ],
)
def test_data_that_the_probabilities_do_not_hold_for_are_refused_before_training(dataset, changed, message):
    recipe = replace(recipe_for("boltzmann"), dataset=dataset, steps=1, expect=None, **changed)
    with pytest.raises(BadInput, match=message):
        setup(recipe)


@pytest.mark.expensive
def test_the_figures_show_the_code_and_means_that_agree(tmp_path):
    recipe = replace(recipe_for("boltzmann"), steps=2, expect=None)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    plots = {path.name for path in (result.folder / "plots").iterdir()}
    assert {"code.png", "marginals.png"} <= plots
    assert 0 <= result.metrics["own_code"] <= 1
