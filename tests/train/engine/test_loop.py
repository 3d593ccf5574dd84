"""The loop does every step once, pauses where the plan says, stops where the loss stops being a number."""

import itertools
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.callback import Callback
from zoo.train.distributed.sharding import data_parallel
from zoo.train.engine.loop import Diverged, train
from zoo.train.engine.plan import Plan
from zoo.train.engine.steps import StepProgram
from zoo.train.pipeline.batches import BatchSource
from zoo.train.runtime.jaxpr import CONVOLUTION
from zoo.train.trainer import Trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")


def counter(bad_at=None):
    """A trainer that counts its steps and remembers the examples and the keys that it met."""

    def init(key, batch):
        return {"params": {"count": jnp.zeros(())}, "state": {}, "seen": jnp.zeros(8)}

    def step(fit, batch, key):
        count = fit["params"]["count"]
        seen = fit["seen"].at[batch["x"].astype(int)].add(1)
        loss = count if bad_at is None else jnp.where(count == bad_at, jnp.nan, count)
        new = {"params": {"count": count + 1}, "state": {}, "seen": seen}
        return new, {"loss": loss, "noise": jax.random.uniform(key), "grad_norm": count * 10}

    return Trainer(init, step, lambda fit, batch, key: {})


def feed(n=8, batch_size=4):
    def batch(arrays, order, i, key):
        return {"x": arrays["x"][jax.lax.dynamic_slice(order, (i * batch_size,), (batch_size,))]}

    return BatchSource({"x": jnp.arange(n)}, n // batch_size, lambda key: jax.random.permutation(key, n), batch)


class Ear(Callback):
    def __init__(self, ends_at=None):
        self.rows, self.ends_at = [], ends_at

    def on_metrics(self, row, fit):
        self.rows.append(row)
        return row["split"] == "test" and row["step"] == self.ends_at


def go(trainer, plan, key, ears=(), **more):
    advance = StepProgram(trainer, feed(), data_parallel(), **more)
    evaluate = lambda fit, step: [{"split": "test", "step": step, "count": float(fit["params"]["count"])}]  # noqa: E731
    return train(advance, plan, key, evaluate=evaluate, rate=lambda step: 0.5, callbacks=ears)


def test_every_example_is_met_once_an_epoch(key):
    fit = go(counter(), Plan(steps=6, steps_per_epoch=2, evaluate_every=2, log_every=1), key)
    assert fit["params"]["count"] == 6
    np.testing.assert_array_equal(fit["seen"], np.full(8, 3))


def test_a_step_is_compiled_once_and_what_that_leaves_is_given_back_before_the_first(key, monkeypatch, caplog):
    given_back = []
    monkeypatch.setattr("zoo.train.engine.steps.give_back_freed_memory", lambda: given_back.append(len(compiled())))

    def compiled():
        return [line for line in caplog.messages if re.match(r"Finished XLA compilation of jit\(_steps\)", line)]

    advance = StepProgram(counter(), feed(), data_parallel())
    order, fit = advance.order(key), advance.init(key)
    now = fit, advance.zero(fit, order, key)
    with jax.log_compiles():
        for step in range(2):
            now = advance(*now, order, step, step + 1, key)
    assert now[0]["params"]["count"] == 2
    assert len(compiled()) == 1
    assert given_back == [1]  # once, when it was compiled


def test_rows_are_means_since_the_last_row(key):
    ear = Ear()
    go(counter(), Plan(steps=6, steps_per_epoch=2, evaluate_every=4, log_every=2), key, [ear])
    trained = [(row["step"], row["loss"]) for row in ear.rows if row["split"] == "train"]
    assert trained == [(2, 0.5), (4, 2.5), (6, 4.5)]
    assert [row["step"] for row in ear.rows if row["split"] == "test"] == [4, 6]


def test_who_changes_a_row_that_is_shown_changes_no_row_that_is_kept(key):
    class Meddler(Callback):
        def on_progress(self, step, row):
            row["loss"] = 100.0

    ear = Ear()
    go(counter(), Plan(steps=4, steps_per_epoch=2, evaluate_every=4, log_every=2), key, [Meddler(), ear])
    assert [row["loss"] for row in ear.rows if row["split"] == "train"] == [0.5, 2.5]


def test_the_numbers_do_not_depend_on_where_the_loop_pauses(key):
    noises = []
    for log_every in (1, 6):
        ear = Ear()
        go(counter(), Plan(6, 2, evaluate_every=6, log_every=log_every), key, [ear])
        noises.append(np.mean([row["noise"] for row in ear.rows if row["split"] == "train"]))
    assert noises[0] == pytest.approx(noises[1], abs=1e-6)


def test_two_runs_of_one_seed_are_equal_and_of_two_seeds_are_not(key):
    rows = []
    for seed in (0, 0, 1):
        ear = Ear()
        go(counter(), Plan(4, 2, 4, 4), jax.random.key(seed), [ear])
        rows.append(ear.rows[0])
    assert rows[0] == rows[1] != rows[2]


def test_a_callback_ends_the_run(key):
    fit = go(counter(), Plan(100, 2, evaluate_every=4, log_every=4), key, [Ear(ends_at=8)])
    assert fit["params"]["count"] == 8


@pytest.mark.fault(row=14)
def test_a_loss_that_is_no_number_stops_the_run_and_names_step_rate_and_gradient(key):
    with pytest.raises(Diverged, match=r"step 6 of 100 \(epoch 3\), learning rate 0.5, gradient norm 50.*--lr 0.05"):
        go(counter(bad_at=5), Plan(100, 2, evaluate_every=50, log_every=50), key)


def test_a_bad_step_can_be_skipped(key):
    def step(fit, batch, key):
        bad = fit["tries"] % 2 == 1
        return fit | {"tries": fit["tries"] + 1}, {"loss": jnp.where(bad, jnp.nan, 1.0)}

    # `tries` is part of the fit, so a skipped step leaves it as it was and is tried again, for ever.
    trainer = Trainer(lambda key, batch: {"params": {}, "state": {}, "tries": jnp.int32(0)}, step, lambda *_: {})
    fit = go_skipping(trainer, key)
    assert fit["tries"] == 1


def go_skipping(trainer, key):
    advance = StepProgram(trainer, feed(), data_parallel(), skip_bad=True)
    return train(advance, Plan(6, 2, 6, 6), key, evaluate=lambda fit, step: [], rate=lambda step: 0.1)


@pytest.mark.parametrize(("every", "log", "steps"), list(itertools.product((1, 3, 4), (1, 2, 5), (1, 7, 12))))
def test_a_plan_always_moves_on_and_ends_with_an_evaluation(every, log, steps):
    plan = Plan(steps, steps_per_epoch=3, evaluate_every=every, log_every=log)
    step, evaluated = 0, []
    while step < steps:
        pause, logs, evaluates = plan.next_stop(step)
        assert step < pause <= steps
        assert logs or not evaluates
        step = pause
        evaluated += [step] if evaluates else []
    assert evaluated == sorted({*range(every, steps + 1, every), steps})


def test_one_step_a_call_and_many_steps_a_call_agree(key):
    fits = []
    for single in (True, False):
        advance = StepProgram(counter(), feed(), data_parallel())
        programs = advance.programs(advance.init(key), advance.order(key), key)
        advance._programs = programs._replace(made_of=frozenset([CONVOLUTION] if single else []))
        fits.append(train(advance, Plan(5, 2, 5, 5), key, evaluate=lambda fit, step: [], rate=lambda step: 0.1))
    chex.assert_trees_all_equal(*fits)


def test_the_training_step_is_traced_once(key):
    traces = []

    def step(fit, batch, key):
        traces.append(1)
        return fit, {"loss": jnp.float32(0)}

    trainer = Trainer(lambda key, batch: {"params": {"count": 0.0}, "state": {}}, step, lambda *_: {})
    go(trainer, Plan(steps=40, steps_per_epoch=2, evaluate_every=2, log_every=1), key)
    once = len(traces)
    go(trainer, Plan(steps=400, steps_per_epoch=2, evaluate_every=2, log_every=1), key)
    assert (once, len(traces)) == (1, 2), "neither for the program that is compiled, nor of a longer run"


def test_a_trainer_without_metrics_is_trained_and_its_rows_are_logged(key):
    def step(fit, batch, key):
        return {"params": {"count": fit["params"]["count"] + 1}, "state": {}}, {}

    trainer = Trainer(lambda key, batch: {"params": {"count": jnp.zeros(())}, "state": {}}, step, lambda *_: {})
    ear = Ear()
    assert go(trainer, Plan(4, 2, evaluate_every=4, log_every=2), key, [ear])["params"]["count"] == 4
    assert [row for row in ear.rows if row["split"] == "train"] == [
        {"split": "train", "step": step, "epoch": step / 2, "lr": 0.5} for step in (2, 4)
    ]
