"""Numbers of a recipe as arguments of its programs: the same training, one program for all of their values."""

import dataclasses
import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train import recipe_for
from zoo.train.config.recipe import Recipe
from zoo.train.runs.setup import setup
from zoo.train.trainer import Trainer
from zoo.train.trainers.numbers import NUMBERS, arguments, with_numbers
from zoo.train.trainers.optimizers import OPTIMIZERS, make_optimizer
from zoo.train.trainers.schedules import SCHEDULES, rate_of

pytestmark = pytest.mark.usefixtures("quick_compiler")
TABLE = Recipe("mlp", "iris", m={"hidden": (8,)}, epochs=2, batch_size=16)
OTHERS = {
    "lr": 0.03, "momentum": 0.8, "b2": 0.99, "weight_decay": 0.02, "l1": 1e-3, "l2": 0.01, "clip_grad": 0.5,
    "ema": 0.9, "label_smoothing": 0.2,
}  # fmt: skip
FIRST = {"ema": 0.5, "label_smoothing": 0.1}  # without them the program is another


def updates(recipe, numbers, steps=3):
    """The updates of an optimizer whose numbers are arguments of the compiled update."""
    params = {"w": jnp.linspace(-1, 1, 12).reshape(3, 4), "b": jnp.ones(4)}

    @jax.jit
    def go(numbers):
        optimizer, found = make_optimizer(dataclasses.replace(recipe, **numbers), 20, 10), []
        state = optimizer.init(params)
        for step in range(steps):
            gradient = {name: jnp.sin(leaf + step) for name, leaf in params.items()}
            update, state = optimizer.update(gradient, state, params, value=jnp.float32(1))
            found.append(update)
        return found

    return go(numbers)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_makes_the_same_updates_from_arguments(name):
    recipe = dataclasses.replace(TABLE, opt=name, **OTHERS)
    numbers = {each: np.float32(value) for each, value in arguments(recipe, OTHERS).items()}
    chex.assert_trees_all_close(
        updates(recipe, {}), updates(dataclasses.replace(TABLE, opt=name), numbers), rtol=2e-4, atol=1e-6
    )


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_takes_its_rate_as_an_argument(name):
    recipe = dataclasses.replace(TABLE, opt="sgd", sched=name, lr=0.3, step_epochs=0.5)
    other = dataclasses.replace(recipe, lr=1.0)
    chex.assert_trees_all_close(updates(recipe, {}, 12), updates(other, {"lr": np.float32(0.3)}, 12), rtol=1e-5)


def test_what_is_switched_off_is_an_argument_that_changes_nothing_or_none():
    recipe = dataclasses.replace(TABLE, opt="adamw")
    found = arguments(recipe, NUMBERS)
    off = {"weight_decay": 0.0, "l1": 0.0, "l2": 0.0, "clip_grad": math.inf}
    assert found == {"lr": 1e-3, "momentum": 0.9, "b2": 0.999, **off}
    given = {name: np.float32(value) for name, value in off.items()}
    chex.assert_trees_all_close(updates(recipe, given), updates(recipe, {}), rtol=1e-6)


def test_a_trainer_without_such_numbers_is_the_one_of_its_recipe():
    made = Trainer(lambda key, batch: {}, lambda fit, batch, key: (fit, {}), lambda fit, batch, key: {})
    assert with_numbers(lambda recipe: made, TABLE, {}) is made


def trained(parts):
    advance, key = parts.advance, parts.key
    fit, order = advance.init(key), advance.order(key)
    fit, totals = advance(fit, advance.zero(fit, order, key), order, 0, 5, key)
    return jax.device_get(fit), jax.device_get(totals["sum"]), parts.evaluate(fit, 5)[0]


@pytest.fixture(scope="module")
def both():
    """A recipe trained with its numbers as arguments, by the program of another, and with constants."""
    first = setup(dataclasses.replace(TABLE, **FIRST), numbers=OTHERS)
    wanted = dataclasses.replace(TABLE, **OTHERS)
    trained(first)
    other = setup(wanted, numbers=OTHERS).like(first)
    return first, other, trained(other), trained(setup(wanted))


def test_training_and_evaluation_take_the_numbers_of_their_own_run(both):
    _, _, (fit, sums, row), (alone, its_sums, its_row) = both
    chex.assert_trees_all_close({**fit, "numbers": None}, {**alone, "numbers": None}, rtol=1e-4, atol=1e-5)
    chex.assert_trees_all_close(sums, its_sums, rtol=1e-4)
    assert row == pytest.approx(its_row, abs=1e-4)
    assert fit["numbers"] == pytest.approx(OTHERS, rel=1e-6)


def test_one_program_of_each_kind_serves_all_numbers(both):
    first, other, _, _ = both
    assert other.advance._programs is first.advance._programs
    assert first.advance._programs.many._cache_size() == 1
    assert first.advance._init._cache_size() == 1
    assert other.evaluations["test"]._add is first.evaluations["test"]._add


def test_the_rate_in_the_log_is_that_of_the_run(both):
    first, other, _, _ = both
    assert (first.rate(3), other.rate(3)) == (0.001, 0.03)
    assert other.rate.program is first.rate.program


def test_parts_are_made_for_other_numbers_without_loading_the_data_again(both):
    first, other, (fit, _, _), _ = both
    made = first.of(dataclasses.replace(other.recipe, seed=5))
    assert made.recipe == dataclasses.replace(other.recipe, seed=5)
    assert made.data is first.data
    assert made.trainer.numbers == pytest.approx(OTHERS)
    again = first.of(other.recipe)
    chex.assert_trees_all_equal(trained(again)[0], fit)


@pytest.mark.slow
@pytest.mark.expensive
def test_networks_against_each_other_take_them_as_well():
    recipe = dataclasses.replace(recipe_for("gan"), m={"latent": 2, "hidden": (4,)}, batch_size=64)
    recipe = dataclasses.replace(recipe, d={**recipe.d, "examples": 200}, steps=2, lr=0.01)
    parts = setup(recipe, numbers=("lr", "momentum"), score_samples=False)
    alone = setup(recipe, score_samples=False)
    found = []
    for each in (parts, alone):
        fit, order = each.advance.init(each.key), each.advance.order(each.key)
        fit, _ = each.advance(fit, each.advance.zero(fit, order, each.key), order, 0, 2, each.key)
        found.append(jax.device_get(fit["params"]))
    chex.assert_trees_all_close(*found, rtol=1e-4, atol=1e-6)


def test_the_rate_that_a_trainer_logs_itself_follows_the_number():
    def made(recipe):
        return Trainer(None, None, None, rate=lambda numbers, update: recipe.lr / (1 + update))

    trainer = with_numbers(made, Recipe("mlp", "iris"), {"lr": 0.5})
    rate = rate_of(Recipe("mlp", "iris"), 10, 10, trainer)
    assert rate(1) == 0.25
    assert rate._replace(numbers={"lr": 0.25})(0) == 0.25
