"""Laws that every trainer of the folder obeys: pure steps, exact resumption, no effect of padding, true traits."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load, save

import zoo
from zoo.train import recipe_for
from zoo.train.config.recipe import book
from zoo.train.data.dataset import source
from zoo.train.runs.setup import Setup, setup
from zoo.train.trainer import Trainer, named_key
from zoo.train.trainers import names, options, traits, variant
from zoo.train.tree import flatten, specs, unflatten_into

pytestmark = pytest.mark.usefixtures("quick_compiler")

NAMES = names()
FIRST = ("linear", "gan", "rnn")  # small models, tried before the others
SMALL = {
    "dae": {"hidden": (6, 5)},
    "dbn": {"hidden": (6, 5)},
    "elm": {"hidden": 20},
    "esn": {"units": 12, "degree": 3, "washout": 30},
    "rbf": {"units": 6},
    "gan": {"latent": 4, "hidden": (8,)},
    "lsm": {"grid": (3, 1, 1)},
    "markov": {"n": 2, "capacity": 500},
    "rbm": {"hidden": 6, "temperatures": 5, "runs": 4},
    "rnn": {"width": 8},
    "sae": {"hidden": 6},
    "svm": {"kernel": "linear"},
    "vae": {"latent": 3, "hidden": (8,)},
    "dcign": {"filters": (2, 2), "hidden": (4,)},
}
LESS = {"svm": "iris"}  # data sets that are smaller than those of the recipes
FEW = {"dcign": {"sets": 4}}  # options of the data set: 31 images each
SHORT = {
    "svm": {"iterations": 1, "folds": 2},
    "dcign": {"sets": (1, 1, 1, 1, 1), "importance_samples": 1},
}  # options of the trainer; solved at once, later steps would do nothing
TEXT = {"characters": 2000, "window": 8}
STEPS = 4


class Case(NamedTuple):
    """A trainer, its batches, the fit before the first step and the compiled step."""

    name: str
    parts: Setup
    trainer: Trainer
    batches: list[dict]
    fit: dict
    step: Callable
    key: jax.Array

    def train(self, fit, first, last):
        for i in range(first, last):
            fit, _ = self.step(fit, self.batches[i], named_key(self.key, "step", i))
        return fit


def recipe_of(name):
    """The first recipe that is trained by a trainer, with small options."""
    for model in sorted(zoo.list_models(), key=lambda model: model not in FIRST):
        for recipe in [recipe_for(model, LESS[model])] if model in LESS else book(model).recipes:
            if variant(recipe.trainer, source(recipe.dataset).task) == name:
                data = TEXT | recipe.d if recipe.dataset == "text" else recipe.d
                data = data | ({"steps": 400, "horizon": 9} if recipe.d.get("whole") else {}) | FEW.get(model, {})
                return replace(recipe, d=data, m=SMALL.get(model, recipe.m), t=recipe.t | SHORT.get(model, {}), ema=0.9)
    raise LookupError(f"no recipe is trained by {name}")


def parts_of(name, seed=0):
    length = {} if traits(name).batch == "all" else {"batch_size": 8, "steps": 100}
    return setup(replace(recipe_of(name), seed=seed, **length), score_samples=False)


@pytest.fixture(scope="module", params=NAMES)
def case(request):
    parts, key = parts_of(request.param), jax.random.key(3)
    feed, order = parts.advance.feed, parts.advance.feed.order(key)
    cut = jax.jit(lambda i: feed.batch(feed.arrays, order, i, named_key(key, "batch", i)))
    batches = [cut(i % feed.steps_per_epoch) for i in range(STEPS)]
    fit = jax.jit(parts.trainer.init)(key, batches[0])
    yield Case(request.param, parts, parts.trainer, batches, fit, jax.jit(parts.trainer.step), key)
    jax.clear_caches()


def test_a_step_changes_none_of_its_inputs_and_repeats_itself(case):
    given = case.fit, case.batches[0]
    before = jax.tree.map(np.array, given)
    once, again = case.step(*given, case.key), case.step(*given, case.key)
    chex.assert_trees_all_equal(given, before)
    chex.assert_trees_all_equal(once, again)


@pytest.mark.expensive
def test_a_compiled_step_equals_one_that_is_not(case):
    given = case.fit, case.batches[0], case.key
    chex.assert_trees_all_close(case.step(*given), case.trainer.step(*given), rtol=1e-3, atol=1e-5)


def test_a_step_returns_metrics_that_are_finite_scalars(case):
    _, metrics = case.step(case.fit, case.batches[0], case.key)
    assert metrics
    assert all(value.shape == () and np.isfinite(value) for value in metrics.values())


def test_a_step_keeps_the_structure_shapes_and_types_of_the_fit_and_changes_its_parameters(case):
    after = case.train(case.fit, 0, STEPS)
    assert {"params", "state"} <= set(after)
    assert specs(after) == specs(case.fit)
    assert jax.tree.structure(after) == jax.tree.structure(case.fit)
    assert any(np.any(old != new) for old, new in zip(*map(jax.tree.leaves, (case.fit, after)), strict=True))


def test_a_fit_that_was_written_and_read_continues_with_the_same_bits(case):
    half = case.train(case.fit, 0, STEPS // 2)
    resumed = unflatten_into(jax.eval_shape(lambda: case.fit), load(save(flatten(half))))
    chex.assert_trees_all_equal(*(case.train(fit, STEPS // 2, STEPS) for fit in (half, resumed)))


def test_examples_of_weight_0_do_not_count_whatever_they_are(case):
    batch = {each: rows for each, rows in case.batches[0].items() if each in ("x", "y", "lengths")}
    if case.parts.data.task == "language":  # of a text it is tokens that have a weight
        batch = {each: rows[:, :64] for each, rows in batch.items()}
        weight = jnp.ones(batch["y"].shape).at[:, -3:].set(0)
        other = batch | {"y": batch["y"].at[:, -3:].set(0), "x": batch["x"].at[:, -3:].set(0)}
    else:
        if len(batch["y"]) <= 3:  # of a whole series there is one
            batch = {each: jnp.repeat(rows, 5, axis=0) for each, rows in batch.items()}
        weight = jnp.ones(len(batch["y"])).at[-3:].set(0)
        other = batch | {"y": batch["y"].at[-3:].set(0), "x": batch["x"].at[-3:].set(jnp.inf)}
    evaluate = jax.jit(case.trainer.evaluate)
    sums, same = (evaluate(case.fit, each | {"weight": weight}, case.key) for each in (batch, other))
    assert sums
    assert all(float(count) == float(weight.sum()) for _, count in sums.values() if count is not None)
    chex.assert_trees_all_equal(sums, same)
    means = {name: np.asarray(total if count is None else total / count) for name, (total, count) in sums.items()}
    means = case.trainer.finish(means)
    assert np.isfinite(means[case.parts.task.headline])


def test_seeds_that_are_trained_by_vmap_give_what_each_gives_alone(case):
    if not traits(case.name).vmap:
        return
    other = jax.jit(case.trainer.init)(jax.random.key(7), case.batches[0])
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), case.fit, other)
    keys = jax.random.split(case.key)
    fits, _ = jax.jit(jax.vmap(case.trainer.step, in_axes=(0, None, 0)))(together, case.batches[0], keys)
    for i, alone in enumerate((case.fit, other)):
        one = jax.tree.map(lambda leaf: leaf[i], fits)  # noqa: B023
        chex.assert_trees_all_close(one, case.step(alone, case.batches[0], keys[i])[0], rtol=1e-4, atol=1e-5)


def test_programs_that_seeds_share_contain_neither_seed_nor_data(case):
    if not traits(case.name).shares_programs:
        return
    first, second = (
        jax.make_jaxpr(parts.trainer.step)(case.fit, case.batches[0], case.key)
        for parts in (case.parts, parts_of(case.name, seed=1))
    )
    assert str(first.jaxpr) == str(second.jaxpr)
    chex.assert_trees_all_equal(first.consts, second.consts)
    assert sum(np.size(each) for each in first.consts) < 100


@pytest.mark.parametrize("name", NAMES)
def test_traits_agree_and_every_option_has_a_help_text(name):
    found = traits(name)
    assert found.gradient or not found.accumulate
    assert bool(found.variant_of) == bool(found.tasks)
    assert all(option.help for option in options(name))
