"""Batches: every example once an epoch, every batch full, scores exact for every size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.data.dataset import Split
from zoo.train.data.normalize import Scaler, fit_scaler
from zoo.train.distributed.sharding import data_parallel
from zoo.train.engine.evaluate import Evaluator
from zoo.train.pipeline.batches import from_memory, padded_batches, steps_per_epoch
from zoo.train.trainer import Trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")

SAME = Scaler(np.float32(0), np.float32(1))


def numbers(n):
    return Split(np.arange(n, dtype=np.float32)[:, None], np.arange(n, dtype=np.int32))


@pytest.mark.parametrize(("n", "batch_size"), [(8, 4), (10, 4), (3, 8), (7, 7), (1, 1)])
def test_an_epoch_meets_every_example_and_fills_its_last_batch_from_its_own_beginning(n, batch_size, key):
    feed = from_memory(numbers(n), batch_size, SAME, None, "none")
    order = feed.order(key)
    batches = [feed.batch(feed.arrays, order, i, key) for i in range(feed.steps_per_epoch)]
    met = np.concatenate([batch["y"] for batch in batches])
    assert all(len(batch["y"]) == batch_size for batch in batches)
    assert sorted(met[:n]) == list(range(n))
    np.testing.assert_array_equal(met, np.resize(met[:n], len(met)))


def test_two_epochs_have_two_orders(key):
    feed = from_memory(numbers(50), 10, SAME, None, "none")
    assert not jnp.array_equal(feed.order(jax.random.key(1)), feed.order(jax.random.key(2)))


def test_steps_are_epochs_times_the_examples_by_the_batch_rounded_up():
    assert 3 * steps_per_epoch(1437, 64) == 3 * 23
    assert steps_per_epoch(60000, 128) == 469


def test_inputs_are_normalised_on_the_device_and_stored_as_they_are(key):
    split = Split(np.array([[0], [255]], np.uint8), np.array([0, 1], np.int32))
    feed = from_memory(split, 2, fit_scaler(split.x, "unit"), None, "none")
    assert feed.arrays["examples"]["x"].dtype == np.uint8
    batch = feed.batch(feed.arrays, feed.order(key), 0, key)
    assert sorted(batch["x"].ravel().tolist()) == [0, 1]


@pytest.mark.parametrize("n", [1, 999, 1000, 1001, 2503])
def test_a_whole_set_is_scored_exactly_whatever_its_size(n):
    rows = numbers(n)

    def evaluate(fit, batch, key):
        weight = batch["weight"]
        return {"mean": (jnp.sum(batch["y"] * weight), jnp.sum(weight)), "count": (jnp.sum(weight), jnp.float32(1))}

    trainer = Trainer(lambda *_: {}, lambda *_: ({}, {}), evaluate)
    scores = Evaluator(trainer, rows, SAME, None, data_parallel())({}, jax.random.key(0))
    assert scores["mean"] == pytest.approx((n - 1) / 2, rel=1e-6)
    assert sum(batch["weight"].sum() for batch in padded_batches(rows, 1000)) == n


def test_a_trainer_of_whole_sets_sees_the_examples_in_their_own_order_in_every_epoch():
    feed = from_memory(numbers(10), 10, SAME, None, "none", whole=True)
    orders = [feed.order(jax.random.key(seed)) for seed in range(2)]
    seen = [feed.batch(feed.arrays, order, 0, jax.random.key(0))["x"] for order in orders]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert seen[0].ravel().tolist() == numbers(10).x.ravel().tolist()
