"""The trainer of language models: the carry, the score, the way down."""

from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from zoo.layers import compose, dense, embedded, rnn_cell, scan
from zoo.layers.sequence import Scanned, Sequence
from zoo.train import RunOptions, recipe_for, run
from zoo.train.data.dataset import Split
from zoo.train.data.vocabulary import Vocabulary
from zoo.train.pipeline.text import scoring_windows, token_windows
from zoo.train.tasks import task_for
from zoo.train.trainer import eval_params
from zoo.train.trainers._gradient import gradient_trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")

TASK = task_for("language", outputs=7)


def writer(width=8):
    """A small language model."""
    body = embedded(7, width, scan(rnn_cell(width), return_carry=True))

    def wiring(call, x):
        ran = call("body", x)
        y = call("head", ran.y)
        return Scanned(ran.carry, y) if isinstance(x, Sequence) else y

    return compose(wiring, body=body, head=dense(7))


def plain(optimizer):
    return optax.with_extra_args_support(optimizer)


@pytest.fixture
def text(key):
    numbers = np.asarray(jax.random.randint(key, (121,), 0, 7), np.int32)
    return Split(numbers[:-1], numbers[1:])


def start(trainer, feed, key):
    order = feed.order(key)
    batches = [feed.batch(feed.arrays, order, i, None) for i in range(feed.steps_per_epoch)]
    return jax.jit(trainer.init)(key, batches[0]), batches


def test_windows_with_the_carry_give_what_one_long_scan_gives(text, key):
    model = writer()
    trainer = gradient_trainer(model, TASK, plain(optax.sgd(0.0)), carry=True)
    fit, batches = start(trainer, token_windows(text, 2, 10), key)
    step, losses = jax.jit(trainer.step), []
    for batch in batches:
        fit, metrics = step(fit, batch, key)
        losses.append(float(metrics["loss"]))
    rows = [jnp.concatenate([batch[name] for batch in batches], axis=1) for name in ("x", "y")]
    ran, _ = jax.jit(model.apply)(fit["params"], fit["state"], Sequence(rows[0]))
    np.testing.assert_allclose(np.mean(losses), jnp.mean(TASK.loss(ran.y, rows[1])), rtol=1e-5)
    chex.assert_trees_all_close(fit["carry"], ran.carry, rtol=1e-4, atol=1e-6)
    _, metrics = step(fit, batches[0], key)  # a new epoch begins from zeros
    assert float(metrics["loss"]) == pytest.approx(losses[0], rel=1e-5)


def test_a_step_that_goes_on_is_not_one_that_begins(text, key):
    trainer = gradient_trainer(writer(), TASK, plain(optax.sgd(0.0)), carry=True)
    fit, batches = start(trainer, token_windows(text, 2, 10), key)
    step = jax.jit(trainer.step)
    fit, _ = step(fit, batches[0], key)
    goes_on = step(fit, batches[1], key)[1]["loss"]
    begins = step(fit, batches[1] | {"first": jnp.array([True, True])}, key)[1]["loss"]
    assert abs(float(goes_on - begins)) > 1e-5


def test_the_gradient_ends_at_the_windows_edge_and_is_that_of_the_mean_loss(text, key):
    model = writer()
    trainer = gradient_trainer(model, TASK, plain(optax.sgd(1.0)), carry=True)
    fit, batches = start(trainer, token_windows(text, 2, 10), key)
    fit = fit | {"carry": jax.tree.map(lambda leaf: leaf + 0.5, fit["carry"])}

    def cost(params):
        read, _ = model.apply(params, fit["state"], Sequence(batches[1]["x"], carry=fit["carry"]))
        shares = jax.nn.log_softmax(read.y)
        return -jnp.mean(jnp.take_along_axis(shares, batches[1]["y"][..., None], axis=-1))

    new, metrics = jax.jit(trainer.step)(fit, batches[1], key)
    gradient = jax.jit(jax.grad(cost))(fit["params"])
    chex.assert_trees_all_close(new["params"], jax.tree.map(jnp.subtract, fit["params"], gradient), atol=1e-5)
    assert float(metrics["grad_norm"]) == pytest.approx(float(optax.global_norm(gradient)), rel=1e-4)
    assert float(metrics["bpc"]) == pytest.approx(float(metrics["loss"]) / np.log(2), rel=1e-5)


def test_a_fit_that_was_put_away_goes_on_as_if_it_had_not_been(text, key):
    trainer = gradient_trainer(writer(), TASK, plain(optax.adam(1e-2)), ema=0.9, carry=True)
    fit, batches = start(trainer, token_windows(text, 2, 10), key)
    step = jax.jit(trainer.step)
    for batch in batches[:3]:
        fit, _ = step(fit, batch, key)
    taken_up = jax.tree.map(jnp.asarray, jax.device_get(fit))
    for batch in batches[3:]:
        (fit, _), (taken_up, _) = step(fit, batch, key), step(taken_up, batch, key)
    chex.assert_trees_all_equal(fit, taken_up)
    chex.assert_trees_all_equal(eval_params(fit)[0], fit["ema"])


def test_the_score_is_the_mean_over_the_tokens_that_count(text, key):
    trainer = gradient_trainer(writer(), TASK, plain(optax.sgd(0.1)), carry=True)
    fit, _ = start(trainer, token_windows(text, 2, 10), key)
    (batch,) = scoring_windows(text)
    sums = jax.jit(trainer.evaluate)(fit, batch, key)
    y, _ = jax.jit(writer().apply)(fit["params"], fit["state"], jnp.asarray(text.x)[None])
    for name, measure in {"loss": TASK.loss, **TASK.metrics}.items():
        total, weight = sums[name]
        assert float(weight) == len(text.x)
        assert float(total / weight) == pytest.approx(float(jnp.mean(measure(y, text.y[None]))), rel=1e-5)


def test_a_text_that_repeats_is_learned_by_heart(key):
    numbers = np.tile([0, 1, 2, 0, 3, 4], 40).astype(np.int32)  # what follows 0 depends on what came before
    trainer = gradient_trainer(writer(16), TASK, plain(optax.adam(3e-2)), carry=True)
    feed = token_windows(Split(numbers[:-1], numbers[1:]), 2, 12)
    fit, batches = start(trainer, feed, key)
    step = jax.jit(trainer.step)
    for _ in range(12):
        for batch in batches:
            fit, metrics = step(fit, batch, key)
    assert float(metrics["loss"]) < 0.05


def test_bits_per_character_are_those_of_all_tokens_by_the_characters_that_they_stand_for(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat and the dog sat on the cat. " * 12 + "a zebra sat on the mat. ")
    words = {"file": str(path), "level": "words", "words": 12, "window": 8}
    recipe = replace(recipe_for("gru", "text"), d=words, m={"width": 4}, steps=1, batch_size=2)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    data, metrics = result.setup.data, result.metrics
    vocabulary = Vocabulary(data.vocabulary)
    scored = vocabulary.split(path.read_text())[-len(data.test.y) :]
    unknown = [word for word in scored if word not in data.vocabulary]
    assert "zebra" in unknown
    bits = len(scored) * metrics["loss"] / np.log(2)
    spelled = sum(len(word) + 1 for word in unknown) * np.log2(len(set(path.read_text())) + 1)
    assert metrics["bpc"] == pytest.approx((bits + spelled) / len("".join(scored)), rel=1e-5)


def test_a_text_is_told_of_in_characters(tmp_path, capsys):
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be " * 50)
    recipe = replace(recipe_for("rnn", "text"), d={"file": str(path), "window": 8}, m={"width": 4}, steps=3)
    run(recipe, RunOptions(out=tmp_path / "run", pictures=False))
    said = capsys.readouterr().out
    assert "data     text: 854 training and 95 test characters" in said
    assert "= 3 steps of 32 x 8 = 768 characters" in said
    assert "examples" not in said
