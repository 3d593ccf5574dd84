"""Contrastive divergence against the exact gradient, its options, and the figures of a whole run."""

import json
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo import rbm
from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make

RNG = np.random.default_rng(0)
DATA = (RNG.uniform(size=(8, 4)) < 0.5).astype(np.float32)
LR = 0.25


def trainer(model=None, normalize="unit", sched="constant", **options):
    recipe = Recipe("rbm", "digits", trainer="contrastive_divergence", batch_size=8, opt="sgd", lr=LR,
                    normalize=normalize, sched=sched, t=options)  # fmt: skip
    model = model or rbm((4,), hidden=3)
    return make(model, task_for("density"), Run(recipe, 10, 10, data_parallel()))


def begun(made, seed=1):
    """A fit with weights that are not small."""
    fit = jax.jit(made.init)(jax.random.key(0), {"x": DATA})
    leaves, tree = jax.tree.flatten(fit["params"])
    rng = np.random.default_rng(seed)
    params = tree.unflatten([jnp.asarray(rng.normal(0, 1, leaf.shape), jnp.float32) for leaf in leaves])
    return fit | {"params": params}


def exact_gradient(params, data):
    """Data minus model, by enumeration in float64."""
    w, b, a = (np.asarray(each, np.float64) for each in
               (params["body"]["0"]["w"], params["body"]["0"]["b"], params["visible"]["b"]))  # fmt: skip
    v, h = (np.array([[n >> i & 1 for i in range(size)] for n in range(2**size)], float) for size in (4, 3))
    joint = np.exp((v @ a)[:, None] + h @ b + v @ w @ h.T)
    joint /= joint.sum()
    active = 1 / (1 + np.exp(-(data @ w + b)))
    return {
        "w": data.T @ active / len(data) - v.T @ joint @ h,
        "b": active.mean(axis=0) - joint.sum(axis=0) @ h,
        "a": data.mean(axis=0) - joint.sum(axis=1) @ v,
    }


def test_with_many_long_chains_a_step_follows_the_exact_gradient():
    made = trainer(chains=40_000, sweeps=10)
    fit = begun(made)
    wanted, after = exact_gradient(fit["params"], DATA), jax.jit(made.step)(fit, {"x": DATA}, jax.random.key(3))[0]
    moved = jax.tree.map(lambda new, old: (new - old) / LR, after["params"], fit["params"])
    found = {**moved["body"]["0"], "a": moved["visible"]["b"]}
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=0.0125)  # five standard errors


def test_persistent_chains_go_on_and_others_begin_at_the_data():
    stays = rbm((4,), hidden=3)
    stays = stays._replace(gibbs=lambda params, v, key, sweeps: v)  # chains that show where they began
    for persistent in (True, False):
        made = trainer(stays, persistent=persistent)
        fit = begun(made) | {"chains": jnp.full((8, 4), 1.0)}
        after = made.step(fit, {"x": DATA}, jax.random.key(3))[0]
        np.testing.assert_array_equal(after["chains"], fit["chains"] if persistent else DATA)


def test_the_machine_begins_with_the_rates_of_the_data():
    fit = jax.jit(trainer().init)(jax.random.key(0), {"x": DATA})
    share = (DATA.sum(axis=0) + 1) / 10
    np.testing.assert_allclose(fit["params"]["visible"]["b"], np.log(share / (1 - share)), rtol=1e-5, atol=1e-6)


def test_the_first_examples_are_kept_for_the_gap():
    made = trainer()
    fit, step = jax.jit(made.init)(jax.random.key(0), {"x": DATA}), jax.jit(made.step)
    seen = []
    for i in range(12):  # ten slots
        batch = (np.random.default_rng(i).uniform(size=(8, 4)) < 0.5).astype(np.float32)
        fit = step(fit, {"x": batch}, jax.random.key(i))[0]
        seen.append(batch)
    np.testing.assert_array_equal(fit["kept"], np.stack(seen[:10]))


def test_sparsity_moves_the_activity_to_its_aim_and_weight_decay_shrinks_weights():
    active = {}
    for sparsity in (None, 0.1):
        made = trainer(sparsity=sparsity, sparsity_cost=2.0)
        fit, step = jax.jit(made.init)(jax.random.key(0), {"x": DATA}), jax.jit(made.step)
        for i in range(100):
            fit, metrics = step(fit, {"x": DATA}, jax.random.key(i))
        made = rbm((4,), hidden=3).features(fit["params"], fit["state"], DATA)
        active[sparsity] = float(np.mean(made))
    assert active[0.1] == pytest.approx(0.1, abs=0.05)
    assert active[None] > 0.2
    assert float(metrics["activity"]) == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalize": "standard"}, "--normalize unit, or --m.units gaussian"),
        ({"sched": "plateau"}, "--sched cosine"),
        ({"sweeps": 0}, "--t.sweeps must be a whole number of at least 1, got 0"),
        ({"chains": 0}, "--t.chains must be"),
        ({"sparsity": 1.5}, "--t.sparsity must be a number above 0 and below 1"),
        ({"sparsity_cost": -1.0}, "--t.sparsity-cost must be a number of at least 0"),
        ({"model": zoo.mlp(3)}, "such as --model rbm"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(options, message):
    with pytest.raises(BadInput, match=message):
        trainer(**options)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A short run on 3x3 patterns, with its pictures."""
    recipe = recipe_for("rbm", "bars_and_stripes")
    recipe = replace(
        recipe,
        d={"side": 3, "copies": 1000},
        m={"hidden": 16},
        epochs=4,
        lr=0.3,
        batch_size=28,
        t={"sweeps": 5, "chains": 50},
    )
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "rbm", quiet=True))


@pytest.mark.expensive
def test_bars_and_stripes_are_learned_to_nearly_the_best_possible_likelihood(finished):
    assert finished.metrics["log_likelihood"] >= -np.log(14) - 0.3
    assert finished.metrics["log_likelihood"] <= -np.log(14)
    assert finished.metrics["log_z_error"] == 0
    made = finished.load().sample(500, 1)
    patterns = {each.tobytes() for each in finished.setup.data.test.x}
    assert np.mean([each.astype(np.uint8).tobytes() in patterns for each in made]) > 0.7


@pytest.mark.expensive
def test_the_model_file_has_its_partition_function_and_gives_the_scores_again(finished):
    trained = zoo.load(finished.folder)
    v = trained.model.visible(trained.scaler.apply(finished.setup.data.test.x))
    w, b, a = (np.asarray(each, np.float64) for each in (
        *(trained.params["body"]["0"][name] for name in "wb"), trained.params["visible"]["b"]))  # fmt: skip
    states = np.array([[n >> i & 1 for i in range(9)] for n in range(512)], float)
    each = states @ a + np.log1p(np.exp(states @ w + b)).sum(axis=1)
    log_z = np.log(np.exp(each - each.max()).sum()) + each.max()
    nats = np.asarray(v, float) @ a + np.log1p(np.exp(np.asarray(v, float) @ w + b)).sum(axis=1) - log_z
    np.testing.assert_allclose(trained.log_prob(finished.setup.data.test.x), nats, atol=2e-3)
    assert finished.metrics["log_likelihood"] == pytest.approx(nats.mean(), abs=1e-3)
    assert finished.metrics["free_energy"] == pytest.approx(-(nats + log_z).mean(), abs=1e-2)
    again = evaluate(trained).metrics
    assert again == pytest.approx({name: finished.metrics[name] for name in again}, rel=1e-5, abs=1e-4)


@pytest.mark.expensive
def test_the_run_draws_filters_chains_completions_and_its_chains_in_training(finished):
    plots = {path.stem for path in (finished.folder / "plots").iterdir()}
    assert plots == {"curves", "samples", "filters", "chains", "completion", "latents"}
    assert (finished.folder / "samples" / "training.gif").exists()
    found = json.loads((finished.folder / "result.json").read_text())["completion"]
    # Of the 14 patterns, 8 have rows of one colour each: their last row is as likely black as white.
    assert (8 / 14 / 4) ** 0.5 - 0.01 < found["rmse"] < 0.48 < found["rmse_of_mean"]
    free = [row for row in finished.rows if row["split"] == "test"][-1]
    assert {"free_energy", "free_energy_gap"} <= set(free)


@pytest.mark.expensive
def test_features_are_transformed_and_weights_begin_an_mlp(finished, tmp_path):
    trained = zoo.load(finished.folder)
    x = finished.setup.data.test.x
    inputs = x.reshape(len(x), -1) @ np.asarray(trained.params["body"]["0"]["w"], np.float64)
    wanted = 1 / (1 + np.exp(-(inputs + np.asarray(trained.params["body"]["0"]["b"]))))
    np.testing.assert_allclose(trained.transform(x), wanted, atol=1e-5)
    assert trained.transform(x[0]).shape == (16,)
    recipe = replace(recipe_for("mlp", "digits"), dataset="bars_and_stripes", d={"side": 3}, normalize="unit",
                     m={"hidden": (16,), "activation": "sigmoid"}, steps=1, opt="sgd", lr=1e-9)  # fmt: skip
    options = RunOptions(out=tmp_path / "run", quiet=True, pictures=False, init_from=finished.folder)
    np.testing.assert_allclose(
        run(recipe, options).load().params["body"]["0"]["w"], trained.params["body"]["0"]["w"], atol=1e-6
    )
