"""Two players in turn: whose parameters move, whose statistics, by what, and that it repeats itself."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from zoo.layers import batch_norm, dense, players, serial
from zoo.train.losses.adversarial import adversarial_loss
from zoo.train.tasks.generation import generation
from zoo.train.trainer import eval_params, named_key
from zoo.train.trainers._gan import GanConfig, _generate, _update_discriminator, _update_generator, gan_trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")
LOSSES = ("minimax", "non_saturating", "least_squares", "hinge", "wasserstein")


def noise(key, batch):
    return jax.random.normal(key, (len(batch["x"]), 3))


def sgd(rate=0.1):
    return optax.with_extra_args_support(optax.sgd(rate))


def game_of(steps=10, discriminator=None, rates=(0.1, 0.1), loss="non_saturating", **options):
    two = players(dense(2), discriminator or dense(1), noise)
    optimizers = dict(zip(("generator", "discriminator"), map(sgd, rates), strict=True))
    return GanConfig(two, optimizers, steps, adversarial_loss(loss), **options)


@pytest.fixture
def batch():
    return {"x": jnp.asarray(np.random.default_rng(0).normal(3, 1, (8, 2)), jnp.float32)}


def turn(update, game, fit, batch, key):
    """An update of one player, on samples made for it."""

    def updated(fit, batch, key):
        return update(game, fit, batch, _generate(game, fit, batch, key), key)

    return jax.jit(updated)(fit, batch, key)


def initial(trainer, batch, key):
    return jax.jit(trainer.init)(key, batch)


def begun(game, batch, key):
    return initial(gan_trainer(game, generation()), batch, key)


@pytest.mark.parametrize("loss", LOSSES)
def test_each_update_moves_one_player_by_a_gradient_that_is_not_zero(loss, batch, key):
    game = game_of(loss=loss)
    fit = begun(game, batch, key)
    after, told = turn(_update_discriminator, game, fit, batch, key)
    chex.assert_trees_all_equal(after["params"]["generator"], fit["params"]["generator"])
    assert float(told["d_norm"]) > 1e-3
    moved = optax.tree.sub(fit["params"]["discriminator"], after["params"]["discriminator"])
    assert float(optax.global_norm(moved)) == pytest.approx(0.1 * float(told["d_norm"]), rel=1e-4)

    after, told = turn(_update_generator, game, fit, batch, key)
    chex.assert_trees_all_equal(after["params"]["discriminator"], fit["params"]["discriminator"])
    assert float(told["g_norm"]) > 1e-3
    moved = optax.tree.sub(fit["params"]["generator"], after["params"]["generator"])
    assert float(optax.global_norm(moved)) == pytest.approx(0.1 * float(told["g_norm"]), rel=1e-4)


def test_real_and_made_go_through_the_discriminator_as_batches_of_their_own(batch, key):
    game = game_of(discriminator=serial(batch_norm(momentum=0.5), head=dense(1)))
    fit = begun(game, batch, key)
    after, _ = turn(_update_discriminator, game, fit, batch, key)
    given = noise(named_key(key, "given"), batch)
    made = game.players.apply(fit["params"], fit["state"], given, key)[0]
    mean = np.zeros(2)
    for x in (batch["x"], made):  # first the real ones, then the made ones: two updates of the running mean
        mean = 0.5 * mean + 0.5 * np.asarray(x).mean(axis=0)
    (found,) = [leaf for path, leaf in flat(after["state"]["discriminator"]) if "mean" in path]
    np.testing.assert_allclose(found, mean, rtol=1e-4)
    untouched, _ = turn(_update_generator, game, fit, batch, key)
    chex.assert_trees_all_equal(untouched["state"]["discriminator"], fit["state"]["discriminator"])


def flat(tree):
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]]


def test_the_discriminator_takes_its_steps_on_parts_of_the_batch(batch, key):
    seen = []
    game = game_of(d_steps=4, augment=lambda key, x: (seen.append(x.shape[0]), x)[1])
    trainer = gan_trainer(game, generation())
    fit = initial(trainer, batch, key)
    after, told = jax.jit(trainer.step)(fit, batch, key)
    assert len(seen) >= 4 * 2 + 1, "a real and a made batch for each update of D, a made one for G"
    assert set(seen) == {2}, "all of them of a quarter of the batch"

    @jax.jit
    def update(fit, part, i):
        made = _generate(game, fit, part, named_key(key, "noise", i))
        return _update_discriminator(game, fit, part, made, named_key(key, "discriminator", i))[0]

    by_hand = fit
    for i in range(4):
        by_hand = update(by_hand, {"x": batch["x"][2 * i : 2 * i + 2]}, i)
    chex.assert_trees_all_close(after["params"]["discriminator"], by_hand["params"]["discriminator"])
    assert np.isfinite(list(map(float, told.values()))).all()


def recorded(seen, x):
    """Appends the values of x to a list when the compiled program runs."""
    jax.debug.callback(lambda x: seen.append(np.asarray(x)), x, ordered=True)
    return x


def test_both_players_learn_from_the_same_samples_made_once(batch, key):
    seen = []
    trainer = gan_trainer(game_of(augment=lambda key, x: recorded(seen, x)), generation())
    fit = initial(trainer, batch, key)
    seen.clear()
    jax.block_until_ready(jax.jit(trainer.step)(fit, batch, key))
    jax.effects_barrier()
    _, of_d, of_g = seen
    np.testing.assert_array_equal(of_d, of_g)


def test_the_average_is_of_the_generator_and_is_what_is_scored(batch, key):
    trainer = gan_trainer(game_of(ema=0.5), generation())
    fit, step = initial(trainer, batch, key), jax.jit(trainer.step)
    average = jax.tree.map(np.asarray, fit["params"]["generator"])
    for i in range(3):
        fit, _ = step(fit, batch, named_key(key, "step", i))
        keep = min(0.5, (1 + i) / (10 + i))
        average = jax.tree.map(lambda a, p: keep * a + (1 - keep) * np.asarray(p), average, fit["params"]["generator"])  # noqa: B023
    params, _ = eval_params(fit)
    chex.assert_trees_all_close(params["generator"], average, rtol=1e-5)
    chex.assert_trees_all_equal(params["discriminator"], fit["params"]["discriminator"])


def test_the_instance_noise_falls_to_nothing_in_the_middle_of_the_run(batch, key):
    seen = []
    recorder = serial(lambda x: recorded(seen, x), head=dense(1))
    game = game_of(discriminator=recorder, instance_noise=0.5, steps=1000)
    fit = begun(game, batch, key)
    many = {"x": jnp.zeros((4000, 2))}
    update = jax.jit(lambda fit: turn(_update_discriminator, game, fit, many, key))
    for step, spread in ((0, 0.5), (250, 0.25), (500, 0.0), (900, 0.0)):
        jax.effects_barrier()
        seen.clear()
        jax.block_until_ready(update(fit | {"step": np.int32(step)}))
        jax.effects_barrier()
        assert np.std(seen[0]) == pytest.approx(spread, abs=0.02)


def test_clipping_bounds_the_critic_and_nothing_else(batch, key):
    game = game_of(loss="wasserstein", clip_weights=0.05, rates=(5.0, 5.0))
    trainer = gan_trainer(game, generation())
    fit, _ = jax.jit(trainer.step)(initial(trainer, batch, key), batch, key)
    largest = {
        name: max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(tree)) for name, tree in fit["params"].items()
    }
    assert largest["discriminator"] == pytest.approx(0.05)
    assert largest["generator"] > 0.05


def test_a_distance_to_the_real_one_pulls_the_generator_there(batch, key):
    game = game_of(l1=100.0, rates=(0.001, 0.0))
    trainer = gan_trainer(game, generation())
    fit = initial(trainer, batch, key)
    step, told = jax.jit(trainer.step), []
    for i in range(100):
        fit, metrics = step(fit, batch, named_key(key, "step", i))
        told.append(float(metrics["l1"]))
    assert told[-1] < told[0] / 2


def test_the_penalties_reach_the_discriminator(batch, key):
    plain, *held = (game_of(**kind) for kind in ({}, {"gradient_penalty": 10.0}, {"r1": 10.0}))
    fit = begun(plain, batch, key)
    free = turn(_update_discriminator, plain, fit, batch, key)[1]["d_loss"]
    for game in held:
        assert float(turn(_update_discriminator, game, fit, batch, key)[1]["d_loss"]) > float(free) + 0.01


def test_the_same_key_gives_the_same_step_and_another_another(batch, key):
    trainer = gan_trainer(game_of(instance_noise=0.1), generation())
    fit, step = initial(trainer, batch, key), jax.jit(trainer.step)
    once, again, other = (step(fit, batch, named_key(key, "step", i))[0]["params"] for i in (0, 0, 1))
    chex.assert_trees_all_equal(once, again)
    assert float(optax.global_norm(optax.tree.sub(once, other))) > 1e-4


def test_scores_of_parts_add_up_to_those_of_the_whole_and_padding_does_not_count(batch, key):
    game = game_of()
    trainer = gan_trainer(game, generation())
    fit = initial(trainer, batch, key)
    made = np.asarray(game.players.apply(fit["params"], fit["state"], noise(named_key(key, "given"), batch))[0])
    weight = jnp.array([1.0] * 5 + [0.0] * 3)
    padded = {"x": batch["x"].at[5:].set(jnp.inf), "weight": weight}
    sums = jax.jit(trainer.evaluate)(fit, padded, key)
    got = trainer.finish({name: total / count for name, (total, count) in sums.items()})["spread"]
    want = np.sqrt(np.asarray(made[:5]).var(axis=0).sum() / np.asarray(batch["x"][:5]).var(axis=0).sum())
    assert got == pytest.approx(want, rel=1e-4)
