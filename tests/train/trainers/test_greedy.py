"""Greedy training of a deep belief network: logits by enumeration, one layer at a time, samples of each class."""

from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo import dbn, mlp
from zoo.train import RunOptions, recipe_for, run
from zoo.train.cli.sample import main as sample
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.trainers._stack import begin, learn_by_chains

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
BATCH = {"x": (RNG.uniform(size=(8, 4)) < 0.5).astype(np.float32), "y": np.arange(8) % 3}
MODEL = dbn(3, (4,), hidden=(5, 6))


def trainer(model=MODEL, steps=12, normalize="unit", **options):
    recipe = Recipe("dbn", "digits", trainer="greedy", batch_size=8, normalize=normalize, t=options)
    return make(model, task_for("multiclass", outputs=3), Run(recipe, steps, 4, data_parallel()))


def fits(**options):
    """The fits of 12 steps: two machines of three steps each, then the fine-tuning."""
    made = trainer(**options)
    found, step = [jax.jit(made.init)(jax.random.key(0), BATCH)], jax.jit(made.step)
    for i in range(12):
        fit, metrics = step(found[-1], BATCH, jax.random.key(i))
        found.append(fit)
        assert metrics["layer"] == min(i // 3, 2) + 1 or options
    return found


def changed(one, other):
    """Names of the parameters that differ between two fits."""
    leaves = zip(*(jax.tree_util.tree_leaves_with_path(each["params"]) for each in (one, other)), strict=True)
    return {"/".join(part.key for part in path) for (path, a), (_, b) in leaves if np.any(a != b)}


def test_logits_are_log_probabilities_of_the_top_machine_by_enumeration():
    rng = np.random.default_rng(1)
    w, b, u, c = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(2, 3)), rng.normal(size=2)
    model = dbn(2, (4,), hidden=(3,))
    params, state = model.init(jax.random.key(0), BATCH["x"])
    params |= {
        "body": {"0": {"w": jnp.asarray(w), "b": jnp.asarray(b)}},
        "labels": {"w": jnp.asarray(u), "b": jnp.asarray(c)},
    }
    h = np.array([[n >> i & 1 for i in range(3)] for n in range(8)], float)
    joint = np.array([[np.exp(h @ (b + x @ w + u[k]) + c[k]).sum() for k in range(2)] for x in BATCH["x"]])
    np.testing.assert_allclose(model.apply(params, state, BATCH["x"])[0], np.log(joint), rtol=1e-4)


def test_units_are_dropped_in_training_alone_and_for_all_classes_at_once():
    model, key = dbn(3, (4,), hidden=(400,), dropout=0.25), jax.random.key(0)
    params, state = model.init(key, BATCH["x"])
    params["body"]["0"] |= {"w": jnp.zeros((4, 400))}  # every unit adds log 2
    kept = model.apply(params, state, BATCH["x"], key)[0]
    np.testing.assert_allclose(model.apply(params, state, BATCH["x"])[0], 400 * np.log(2), rtol=1e-5)
    np.testing.assert_array_equal(kept, np.repeat(kept[:, :1], 3, axis=1))
    shares = np.asarray(kept[:, 0]) * 0.75 / (400 * np.log(2))
    assert len(np.unique(shares)) > 4
    assert np.all(np.abs(shares - 0.75) < 0.1)


def test_machines_are_trained_one_after_the_other_and_stay_when_the_layers_are_fine_tuned():
    found = fits()
    lower = {"generator/0/w", "generator/0/a", "generator/0/b", "body/0/w", "body/0/b"}
    upper = {"generator/1/w", "generator/1/a", "generator/1/b", "generator/1/labels/w", "generator/1/labels/b"}
    upper |= {"body/3/w", "body/3/b", "labels/w", "labels/b"}
    assert changed(found[0], found[3]) <= lower
    assert {"generator/0/w", "body/0/w"} <= changed(found[0], found[3])
    assert changed(found[3], found[6]) <= upper
    assert {"generator/1/labels/w", "body/3/w", "labels/w"} <= changed(found[3], found[6])
    assert changed(found[6], found[12]) == {"body/0/w", "body/0/b", "body/3/w", "body/3/b", "labels/w", "labels/b"}
    np.testing.assert_array_equal(found[6]["params"]["body"]["3"]["w"], found[6]["params"]["generator"]["1"]["w"])


def test_the_chains_of_the_last_machine_go_on_in_its_steps_alone():
    found = fits(chains=5)
    assert found[0]["chains"].shape == (5, 8)
    same = [bool(np.all(one["chains"] == other["chains"])) for one, other in pairwise(found)]
    assert same[:3] == [True] * 3
    assert False in same[3:6]
    assert same[6:] == [True] * 6
    np.testing.assert_array_equal(found[-1]["chains"][:, 5:].sum(axis=1), 1)  # a label each
    assert set(np.unique(found[-1]["chains"])) <= {0, 1}


def test_a_step_by_chains_is_the_difference_of_products_in_numpy():
    rng = np.random.default_rng(2)
    own = {"w": rng.normal(size=(4, 3)), "a": rng.normal(size=4), "b": rng.normal(size=3)}
    own = jax.tree.map(jnp.float32, own | {"labels": {"w": rng.normal(size=(2, 3)), "b": rng.normal(size=2)}})
    v, y, start = BATCH["x"], np.arange(8) % 2, begin(own, 4, 6)  # sampled from 0 and 1, the data stay as they are
    new, chains, _ = learn_by_chains(own, start, v, y, jax.random.key(3), jnp.float32(0.1))
    w = np.concatenate([own["w"], own["labels"]["w"]])
    data = np.concatenate([v, np.eye(2)[y]], axis=1)
    on = [1 / (1 + np.exp(-(each @ w + own["b"]))) for each in (data, np.asarray(chains))]
    wanted = w + 0.1 * (data.T @ on[0] / 8 - np.asarray(chains).T @ on[1] / 6 - 2e-4 * w)
    np.testing.assert_allclose(np.concatenate([new["w"], new["labels"]["w"]]), wanted, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(new["b"], own["b"] + 0.1 * (on[0].mean(0) - on[1].mean(0)), rtol=1e-4, atol=1e-6)


def test_without_fine_tuning_the_logits_stay_those_of_the_machines():
    found = fits(fine_tuning="none")
    assert {"generator/1/w", "body/3/w", "labels/w"} <= changed(found[6], found[12])
    assert not {"generator/0/w", "body/0/w"} & changed(found[6], found[12])


def test_without_fine_tuning_a_rest_of_the_steps_is_for_the_last_machine_too():
    made = trainer(steps=13, fine_tuning="none")
    fit = made.init(jax.random.key(0), BATCH) | {"step": jnp.int32(12)}
    after, metrics = jax.jit(made.step)(fit, BATCH, jax.random.key(1))
    assert metrics["layer"] == 2
    assert "generator/1/w" in changed(fit, after)
    assert "body/0/w" not in changed(fit, after)


def test_without_pretraining_only_the_gradient_is_followed():
    found = fits(pretraining=0.0)
    assert changed(found[0], found[12]) == {"body/0/w", "body/0/b", "body/3/w", "body/3/b", "labels/w", "labels/b"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalize": "standard"}, "--normalize unit"),
        ({"pretraining": 1.5}, "--t.pretraining must be a number from 0 to 1"),
        ({"pretraining_lr": 0.0}, "--t.pretraining-lr must be a number above 0"),
        ({"pretraining_lr": float("nan")}, "--t.pretraining-lr must be a number above 0"),
        ({"model": mlp(3)}, "such as --model dbn"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(options, message):
    with pytest.raises(BadInput, match=message):
        trainer(**options)


@pytest.mark.parametrize(("options", "message"), [({"hidden": ()}, "at least one"), ({"hidden": (0,)}, "hidden")])
def test_networks_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dbn(3, (4,), **options)


def test_up_and_down_both_halves_are_fine_tuned_and_the_top_machine_classifies():
    found = fits(fine_tuning="up_down")
    moved = changed(found[6], found[12])
    assert {"generator/0/w", "generator/0/a", "body/0/w", "body/0/b", "generator/1/w", "labels/w"} <= moved
    assert "generator/0/b" not in moved  # hidden biases of a lower machine have no part in its downward direction
    last = found[12]["params"]
    np.testing.assert_array_equal(last["body"]["3"]["w"], last["generator"]["1"]["w"])
    np.testing.assert_array_equal(last["labels"]["w"], last["generator"]["1"]["labels"]["w"])


def test_the_logged_rate_is_that_of_the_machines_then_that_of_the_recipe():
    rate = trainer(pretraining_lr=0.3, top_lr=0.6).rate
    assert [round(float(rate({}, step)), 4) for step in (0, 1, 3, 5, 6, 11)] == [0.3, 0.2, 0.6, 0.2, 0.001, 0.001]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run on digits, shorter than the recipe's."""
    recipe = replace(recipe_for("dbn"), m={"hidden": (100, 100)}, epochs=80)
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "dbn", quiet=True))


@pytest.mark.expensive
def test_digits_are_classified_and_samples_of_a_class_are_of_that_class(finished, capsys):
    assert finished.metrics["accuracy"] >= 0.9
    assert {"layers", "samples"} <= {path.stem for path in (finished.folder / "plots").iterdir()}
    y = np.repeat(np.arange(10), 20)
    made = zoo.load(finished.folder).sample(200, 1, y)
    judged = zoo.load("mlp-digits").predict_indices(np.rint(np.clip(made, 0, 16)))
    assert np.mean(judged == y) >= 0.7
    assert sample([str(finished.folder), "--class", "7", "-n", "8"]) == 0
    assert (finished.folder / "samples.png").exists()
    capsys.readouterr()
