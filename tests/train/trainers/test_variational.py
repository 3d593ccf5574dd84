"""The variational trainer: weight and floor of the divergence, active latents, and the words about a collapse."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import vae
from zoo.train import recipe_for
from zoo.train.config.recipe import Recipe
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainer import named_key
from zoo.train.trainers import Run, make

pytestmark = pytest.mark.usefixtures("quick_compiler")

MODEL = vae((6,), latent=3, hidden=(4,))
RECIPE = Recipe("vae", "digits", trainer="variational", task="density", normalize="unit", opt="sgd", lr=0.1)
X = jnp.asarray(np.random.default_rng(0).uniform(size=(10, 6)), jnp.float32)


BOUND = jax.jit(MODEL.bound, static_argnums=4)


def trainer(**options):
    run = Run(replace(RECIPE, t=options), steps=20, steps_per_epoch=5, sharding=None)
    made = make(MODEL, task_for("density"), run)
    return made._replace(init=jax.jit(made.init), step=jax.jit(made.step), evaluate=jax.jit(made.evaluate))


def fit_and_bound(made, key):
    fit = made.init(key, {"x": X})
    found = BOUND(fit["params"], fit["state"], X, named_key(key, "latents"), 1)
    return fit, jax.tree.map(np.asarray, found)


def test_the_loss_is_reconstruction_plus_the_weighted_divergence(key):
    made = trainer(beta=3.0)
    fit, found = fit_and_bound(made, key)
    wanted = -np.mean(found.reconstruction) + 3 * np.mean(np.sum(found.kl, axis=1))
    assert float(made.step(fit, {"x": X}, key)[1]["loss"]) == pytest.approx(wanted, rel=1e-5)


def test_with_a_learned_prior_the_loss_is_minus_the_bound_though_parts_are_negative(key):
    model = vae((6,), latent=1, hidden=(4,), components=9)
    made = make(model, task_for("density"), Run(RECIPE, steps=20, steps_per_epoch=5, sharding=None))
    fit = made.init(key, {"x": X})
    # Narrow components beside each other, of which a posterior covers several.
    fit["params"]["prior"] |= {"mean": jnp.linspace(-4, 4, 9), "log_variance": jnp.full(9, np.log(0.09))}
    found = jax.jit(model.bound, static_argnums=4)(fit["params"], {}, X, named_key(key, "latents"), 1)
    assert np.min(np.mean(found.kl, axis=0)) < 0
    _, metrics = jax.jit(made.step)(fit, {"x": X}, key)
    assert float(metrics["loss"]) == pytest.approx(-float(np.mean(found.elbo)), rel=1e-5)
    assert float(metrics["loss"]) == pytest.approx(float(metrics["reconstruction"] + metrics["kl"]), rel=1e-5)


def test_latents_are_active_by_the_units_of_their_prior(key):
    model = vae((6,), latent=3, hidden=(4,), components=5)
    made = make(model, task_for("density"), Run(RECIPE, steps=20, steps_per_epoch=5, sharding=None))
    fit = made.init(key, {"x": X})
    prior = fit["params"]["prior"]
    prior["mean"], prior["log_variance"] = 0 * prior["mean"], 0 * prior["mean"] + np.log(1e-4)  # 0.01 wide
    sums = made.evaluate(fit, {"x": X, "weight": jnp.ones(10)}, key)
    found = made.finish({name: np.asarray(total / count) for name, (total, count) in sums.items()})
    mean = np.asarray(model.encode(fit["params"], {}, X)[0], np.float64)
    assert found["active_latents"] == np.sum((mean / 0.01).var(axis=0) > 0.01)


def test_the_weight_of_the_divergence_rises_over_the_epochs_of_the_warm_up(key):
    made = trainer(beta=2.0, kl_warmup=2.0)  # ten steps
    fit, _ = fit_and_bound(made, key)
    for step, weight in ((0, 0.0), (5, 1.0), (10, 2.0), (15, 2.0)):
        _, metrics = made.step(fit | {"step": jnp.int32(step)}, {"x": X}, key)
        assert float(metrics["loss"] - metrics["reconstruction"]) == pytest.approx(
            weight * float(metrics["kl"]), rel=1e-4, abs=1e-5
        )


def test_a_divergence_below_the_free_bits_costs_the_floor_and_has_no_gradient(key):
    made = trainer(free_bits=50.0)
    fit, found = fit_and_bound(made, key)
    new, metrics = made.step(fit, {"x": X}, key)
    assert float(metrics["loss"]) == pytest.approx(-np.mean(found.reconstruction) + 3 * 50, rel=1e-5)

    def seen(params):
        return -jnp.mean(MODEL.bound(params, {}, X, named_key(key, "latents"), 1).reconstruction)

    gradient = jax.jit(jax.grad(seen))(fit["params"])
    moved = jax.tree.map(lambda p, g: p - 0.1 * g, fit["params"], gradient)
    for mine, theirs in zip(*map(jax.tree.leaves, (new["params"], moved)), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_an_evaluation_reports_the_bound_whatever_the_weight_and_counts_active_latents(key):
    made = trainer(beta=7.0, importance_samples=20)
    fit, _ = fit_and_bound(made, key)
    # The second latent carries nothing: its mean is 0 whatever the example.
    encoder = fit["params"]["encoder"]["out"]
    still = {"w": encoder["w"].at[:, 1].set(0), "b": encoder["b"].at[1].set(0)}
    out = {"w": still["w"].at[:, [0, 2]].multiply(3), "b": still["b"]}
    params = fit["params"] | {"encoder": fit["params"]["encoder"] | {"out": out}}
    sums = made.evaluate(fit | {"params": params}, {"x": X, "weight": jnp.ones(10)}, key)
    found = made.finish({name: np.asarray(total / count) for name, (total, count) in sums.items()})
    wanted = jax.tree.map(np.asarray, BOUND(params, {}, X, named_key(key, "latents"), 20))
    assert found["elbo"] == pytest.approx(float(np.mean(wanted.elbo)), rel=1e-5)
    assert found["elbo"] == pytest.approx(-found["reconstruction"] - found["kl"], rel=1e-5)
    assert found["log_likelihood"] == pytest.approx(float(np.mean(wanted.weighted)), rel=1e-5)
    variance = np.asarray(wanted.mean, np.float64).var(axis=0)
    assert (found["active_latents"], found["latents"]) == (int((variance > 0.01).sum()), 3)
    assert variance[1] == pytest.approx(0, abs=1e-12)


def test_a_collapse_is_reported_with_what_to_do():
    made = trainer()
    (line,) = made.warnings({"active_latents": 1.0, "latents": 20.0})
    assert line.startswith("1 of 20 latents are active")
    assert "--t.free-bits" in line
    assert made.warnings({"active_latents": 9.0, "latents": 20.0}) == []


def test_inputs_that_the_decoder_cannot_model_are_refused_with_the_flag():
    run = Run(replace(RECIPE, normalize="standard"), steps=20, steps_per_epoch=5, sharding=None)
    with pytest.raises(BadInput, match=r"--normalize unit, or --m\.decoder gaussian"):
        make(MODEL, task_for("density"), run)


def test_a_model_without_a_bound_is_refused():
    run = Run(replace(RECIPE, model="mlp"), steps=20, steps_per_epoch=5, sharding=None)
    with pytest.raises(BadInput, match="such as --model vae"):
        make(recipe_for, task_for("density"), run)
