from typing import get_args

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from zoo.train.config.recipe import Optimizer, Recipe
from zoo.train.errors import BadInput
from zoo.train.trainers.optimizers import OPTIMIZERS, ema_update, is_decayed, make_optimizer

pytestmark = pytest.mark.usefixtures("quick_compiler")

PARAMS = {
    "conv": {"w": jnp.linspace(-1, 1, 36).reshape(3, 3, 2, 2), "b": jnp.ones(2)},
    "dense": {"w": jnp.linspace(-1, 1, 6).reshape(3, 2), "b": jnp.array([0.5, -0.5])},
    "norm": {"scale": jnp.ones(2)},
}
GRADS = jax.tree.map(lambda p: 0.1 * jnp.cos(3 * p), PARAMS)
NONE = jax.tree.map(jnp.zeros_like, PARAMS)


def make(opt="sgd", total=100, per_epoch=10, **options):
    return make_optimizer(Recipe("mlp", "iris", opt=opt, **{"lr": 0.1, **options}), total, per_epoch)


def course(tx, params, gradients, losses=None):
    """The parameters after each step, all steps in one compiled scan."""
    losses = jnp.ones(len(jax.tree.leaves(gradients)[0])) if losses is None else losses

    def step(carry, now):
        params, opt = carry
        updates, opt = tx.update(now[0], opt, params, value=now[1])
        params = optax.apply_updates(params, updates)
        return (params, opt), params

    return jax.jit(lambda *a: jax.lax.scan(step, (params, tx.init(params)), a)[1])(gradients, jnp.asarray(losses))


def moves(tx, gradients, losses=None):
    """How far down one number goes at each step."""
    ends = course(tx, {"b": jnp.zeros(1)}, {"b": jnp.asarray(gradients, jnp.float32)[:, None]}, losses)["b"][:, 0]
    return -np.diff(ends, prepend=0)


def run(tx, params, grads, steps):
    ends = course(tx, params, jax.tree.map(lambda g: jnp.stack([g] * steps), grads))
    return jax.tree.map(lambda p: p[-1], ends)


def change(tx, grads=GRADS):
    return jax.jit(lambda: tx.update(grads, tx.init(PARAMS), PARAMS, value=jnp.asarray(1.0))[0])()


def test_optimizers_are_those_that_recipes_name():
    assert set(OPTIMIZERS) == set(get_args(Optimizer))


@pytest.mark.parametrize("opt", get_args(Optimizer))
def test_every_optimizer_learns_with_everything_switched_on_in_one_jitted_scan(opt):
    target = jax.tree.map(jnp.sin, PARAMS)
    tx = make(
        opt, lr=0.01, sched="plateau", clip_grad=1.0, l1=1e-5, l2=1e-5, weight_decay=1e-4, accumulate=2, warmup_epochs=1
    )

    def cost(params):
        return sum(jnp.sum((p - t) ** 2) for p, t in zip(jax.tree.leaves(params), jax.tree.leaves(target), strict=True))

    def step(carry, _):
        params, opt = carry
        loss, grads = jax.value_and_grad(cost)(params)
        updates, opt = tx.update(grads, opt, params, value=loss)
        return (optax.apply_updates(params, updates), opt), loss

    start = (PARAMS, tx.init(PARAMS))
    end, losses = jax.jit(lambda carry: jax.lax.scan(step, carry, length=100))(start)
    chex.assert_trees_all_equal_shapes_and_dtypes(start, end)
    assert losses[-1] < 0.9 * losses[0]
    assert np.all(np.isfinite(losses))


def test_gd_and_sgd_go_the_gradient_times_the_rate_downhill():
    for opt in ("gd", "sgd"):
        chex.assert_trees_all_close(change(make(opt)), jax.tree.map(lambda g: -0.1 * g, GRADS))


def velocity(nesterov):
    w, v = 1.0, 0.0
    for _ in range(3):
        v = 0.9 * v + 0.5
        w -= 0.1 * (0.9 * v + 0.5 if nesterov else v)
    return w


@pytest.mark.parametrize(("opt", "nesterov"), [("momentum", False), ("nesterov", True)])
def test_momentum_and_nesterov_equal_their_recurrences(opt, nesterov):
    got = run(make(opt), {"b": jnp.ones(1)}, {"b": jnp.full(1, 0.5)}, 3)
    np.testing.assert_allclose(got["b"], velocity(nesterov), rtol=1e-6)


@pytest.mark.parametrize(("opt", "beta1"), [("adam", 0.9), ("adamw", 0.9), ("adam", 0.5)])
def test_adam_equals_its_paper_and_takes_its_b1_from_momentum(opt, beta1):
    w, m, v = 1.0, 0.0, 0.0
    gradients = [0.5, -0.2, 0.3]
    for t, g in enumerate(gradients, 1):
        m, v = beta1 * m + (1 - beta1) * g, 0.999 * v + 0.001 * g * g
        w -= 0.1 * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    end = course(make(opt, momentum=beta1), {"b": jnp.ones(1)}, {"b": jnp.array(gradients)[:, None]})["b"][-1]
    np.testing.assert_allclose(end, w, rtol=1e-5)


@pytest.mark.parametrize(
    ("opt", "peer"),
    [
        ("rmsprop", optax.rmsprop(0.1)),
        ("adagrad", optax.adagrad(0.1)),
        ("adamw", optax.adamw(0.1, weight_decay=0.01, mask=is_decayed)),
        ("lion", optax.lion(0.1, weight_decay=0.01, mask=is_decayed)),
        ("lamb", optax.lamb(0.1, weight_decay=0.01, mask=is_decayed)),
    ],
)
def test_the_others_equal_optaxs_own(opt, peer):
    tx = make(opt, weight_decay=0 if opt in ("rmsprop", "adagrad") else 0.01)
    mine = run(tx, PARAMS, GRADS, 3)
    theirs = run(optax.with_extra_args_support(peer), PARAMS, GRADS, 3)
    chex.assert_trees_all_close(mine, theirs, rtol=1e-5, atol=1e-7)


def test_muon_makes_steps_of_a_matrix_orthogonal_and_gives_the_rest_to_adam():
    w = change(make("muon", lr=1.0))["dense"]["w"]
    # Five Newton-Schulz rounds bring every singular value near 1 (0.7 to 1.2); 0.2 sqrt(3) is Adam's size for (3, 2).
    values = np.linalg.svd(w, compute_uv=False) / (0.2 * np.sqrt(3))
    assert np.all((values > 0.6) & (values < 1.3))
    rest = optax.adam(0.1, nesterov=True)
    expected = rest.update(GRADS["norm"], rest.init(PARAMS["norm"]))[0]
    chex.assert_trees_all_close(change(make("muon"))["norm"], expected, rtol=1e-4)


@pytest.mark.parametrize("opt", get_args(Optimizer))
def test_regularisation_shrinks_weights_and_spares_biases_and_norms(opt):
    ways = [{"weight_decay": 0.1}, {"l2": 0.1}, {"l1": 0.1}]
    transforms = [make(opt, **options) for options in ways]
    changes = jax.jit(
        lambda: [tx.update(NONE, tx.init(PARAMS), PARAMS, value=jnp.array(1.0))[0] for tx in transforms]
    )()
    for options, updates in zip(ways, changes, strict=True):
        after = optax.apply_updates(PARAMS, updates)
        for name in ("conv", "dense"):
            assert jnp.linalg.norm(after[name]["w"]) < jnp.linalg.norm(PARAMS[name]["w"]), options
            np.testing.assert_array_equal(after[name]["b"], PARAMS[name]["b"])
        np.testing.assert_array_equal(after["norm"]["scale"], PARAMS["norm"]["scale"])


def test_l1_adds_its_sign_and_l2_the_weight_itself_to_the_gradient():
    w = PARAMS["dense"]["w"]
    np.testing.assert_allclose(change(make(l2=0.3), NONE)["dense"]["w"], -0.1 * 0.3 * w, rtol=1e-6)
    np.testing.assert_allclose(change(make(l1=0.3), NONE)["dense"]["w"], -0.1 * 0.3 * jnp.sign(w), rtol=1e-6)


def test_weight_decay_of_adam_is_decoupled_and_of_momentum_is_in_the_velocity():
    w = PARAMS["dense"]["w"]
    adam = run(make("adam", weight_decay=0.5), PARAMS, NONE, 2)["dense"]["w"]
    np.testing.assert_allclose(adam, w * 0.95**2, rtol=1e-6)
    momentum = run(make("momentum", weight_decay=0.5), PARAMS, NONE, 2)["dense"]["w"]
    np.testing.assert_allclose(momentum, 0.95 * w - 0.1 * (0.9 * 0.5 + 0.5 * 0.95) * w, rtol=1e-5, atol=1e-7)


def test_clipping_bounds_the_norm_of_the_loss_gradient_alone():
    tx = make(lr=1.0, clip_grad=0.01)
    assert float(optax.global_norm(change(tx))) == pytest.approx(0.01, rel=1e-5)
    w = PARAMS["dense"]["w"]
    np.testing.assert_allclose(change(make(lr=1.0, clip_grad=1e-6, l2=1.0), NONE)["dense"]["w"], -w, rtol=1e-5)


def test_accumulation_steps_once_by_the_mean_of_the_gradients():
    got = moves(make(lr=1.0, accumulate=3), [1, 2, 6, 3, 3, 3])
    np.testing.assert_allclose(got, [0, 0, 3, 0, 0, 3], atol=1e-6)


def test_the_schedule_counts_updates_not_steps():
    tx = make(lr=1.0, accumulate=5, sched="step", step_epochs=1, decay=0.5)  # 10 steps an epoch: 2 updates a rate
    np.testing.assert_allclose(moves(tx, np.ones(30))[4::5], [1, 1, 0.5, 0.5, 0.25, 0.25], rtol=1e-6)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_plateau_lowers_the_rate_after_epochs_without_a_new_low(accumulate):
    # 4 steps an epoch: the first sets the low, the second and third bring none, at the third's end the rate falls.
    tx = make(lr=1.0, per_epoch=4, sched="plateau", step_epochs=2, decay=0.5, accumulate=accumulate)
    got = moves(tx, np.ones(16), np.full(16, 2.0))[accumulate - 1 :: accumulate]
    expected = np.array([1.0] * 11 + [0.5] * 5)[accumulate - 1 :: accumulate]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_falling_loss_keeps_the_rate_on_a_plateau_schedule():
    tx = make(lr=1.0, per_epoch=2, sched="plateau", step_epochs=1)
    np.testing.assert_allclose(moves(tx, np.ones(12), 1 / np.arange(1.0, 13)), 1, rtol=1e-6)


def test_a_new_low_of_plateau_is_lower_by_a_ten_thousandth_of_either_sign():
    tx = make(lr=1.0, per_epoch=1, sched="plateau", step_epochs=2, decay=0.5)
    epochs = np.arange(4)
    for loss, rates in [
        (2 * (1 - 2e-4) ** epochs, [1, 1, 1, 1]),
        (2 * (1 - 6e-5) ** epochs, [1, 1, 1, 1]),  # the third is lower by 1.2e-4 than the first
        (2 * (1 - 2e-5) ** epochs, [1, 1, 0.5, 0.5]),
        (-2 * (1 + 2e-4) ** epochs, [1, 1, 1, 1]),
        (-2 * (1 + 2e-5) ** epochs, [1, 1, 0.5, 0.5]),
        (np.full(4, -2.0), [1, 1, 0.5, 0.5]),
    ]:
        np.testing.assert_allclose(moves(tx, np.ones(4), loss), rates, rtol=1e-6, err_msg=str(loss))


@pytest.mark.parametrize("losses", [np.abs(np.sin(np.arange(40.0))) + 0.5, np.full(40, 3.0)])
def test_plateau_equals_optaxs_on_losses_above_0(losses):
    peer = optax.chain(optax.sgd(1.0), optax.contrib.reduce_on_plateau(0.5, 2, accumulation_size=4))
    tx = make(lr=1.0, per_epoch=4, sched="plateau", step_epochs=2, decay=0.5)
    np.testing.assert_array_equal(moves(tx, np.ones(40), losses), moves(peer, np.ones(40), losses))


def test_a_recipe_that_cannot_be_is_refused_at_build():
    with pytest.raises(BadInput, match="--lr must be"):
        make(lr=float("nan"))


def test_moving_average_forgets_the_first_weights_soon_and_then_follows_its_decay():
    ema = ema_update({"w": jnp.zeros(1)}, {"w": jnp.ones(1)}, 0.99, 0)
    np.testing.assert_allclose(ema["w"], 0.9, rtol=1e-6)
    np.testing.assert_allclose(ema_update(ema, {"w": jnp.zeros(1)}, 0.99, jnp.array(8))["w"], 0.45, rtol=1e-6)
    late = ema_update({"w": jnp.zeros(1)}, {"w": jnp.ones(1)}, 0.99, 10**6)
    np.testing.assert_allclose(late["w"], 0.01, rtol=1e-4)


def test_moving_average_keeps_the_weights_type():
    half = {"w": jnp.ones(3, jnp.bfloat16)}
    chex.assert_trees_all_equal_dtypes(ema_update(half, half, 0.9, jnp.array(3)), half)
