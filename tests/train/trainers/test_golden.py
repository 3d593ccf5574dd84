"""The numbers that introductory texts on neural networks print, and what is right where they err."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from zoo.layers import dense, flatten, relu, serial, sigmoid, tanh
from zoo.train.config.recipe import Recipe
from zoo.train.losses.classification import binary_cross_entropy
from zoo.train.losses.regression import arctan, half_mse, mse
from zoo.train.pipeline.batches import steps_per_epoch
from zoo.train.trainers.optimizers import make_optimizer

pytestmark = pytest.mark.usefixtures("quick_compiler")
X, TARGET = jnp.array([[2.0]]), jnp.array([[6.0]])
ONE_WEIGHT = serial(dense(1, bias=False))
START = {"0": {"w": jnp.array([[5.0]])}}


def cost(params, loss=half_mse):
    return loss(ONE_WEIGHT.apply(params, {}, X)[0], TARGET).mean()


def descend(rate, steps, loss=half_mse):
    tx = make_optimizer(Recipe("linear", "diabetes", opt="gd", lr=rate), steps, 1)
    params, opt, weights = START, tx.init(START), []
    step = jax.jit(jax.value_and_grad(lambda params: cost(params, loss)))
    for _ in range(steps):
        value, gradient = step(params)
        updates, opt = tx.update(gradient, opt, params, value=value)
        params = optax.apply_updates(params, updates)
        weights.append(float(params["0"]["w"][0, 0]))
    return weights


def test_half_squared_loss_of_one_weight_goes_4_2_3_72_3_432_to_3():
    assert ONE_WEIGHT.apply(START, {}, X)[0].item() == 10
    assert float(cost(START)) == 8
    assert jax.grad(cost)(START)["0"]["w"].item() == 8
    weights = descend(0.1, 30)
    np.testing.assert_allclose(weights[:3], [4.2, 3.72, 3.432], rtol=1e-6)
    np.testing.assert_allclose(weights[-1], 3, atol=1e-5)
    after = {"0": {"w": jnp.array([[4.2]])}}
    np.testing.assert_allclose(ONE_WEIGHT.apply(after, {}, X)[0].item(), 8.4, rtol=1e-6)
    np.testing.assert_allclose(cost(after), 2.88, rtol=1e-5)


def test_the_whole_squared_loss_has_twice_that_gradient():
    assert jax.grad(cost)(START, mse)["0"]["w"].item() == 16
    np.testing.assert_allclose(descend(0.1, 1, mse), [3.4], rtol=1e-6)


@pytest.mark.parametrize(
    ("rate", "converges", "oscillates"),
    [(0.05, True, False), (0.24, True, False), (0.26, True, True), (0.49, True, True), (0.51, False, True)],
)
def test_that_descent_oscillates_above_a_quarter_and_diverges_above_a_half(rate, converges, oscillates):
    distance = np.array([5, *descend(rate, 20)]) - 3
    # As long as they are far above rounding, the distances alternate or keep their sign, and shrink or grow.
    far = distance[: max(2, int(np.argmax(np.abs(distance) < 1e-3)) or len(distance))]
    assert np.all(np.sign(far[1:]) == -np.sign(far[:-1]) if oscillates else np.sign(far) == 1)
    assert np.all(np.diff(np.abs(far)) < 0) if converges else np.all(np.diff(np.abs(far)) > 0)


def test_relus_slope_at_2_is_1_and_not_the_sigmoid_rules_minus_2():
    assert float(jax.grad(relu)(2.0)) == 1


def shapes(widths, inputs):
    model = serial(flatten, *[dense(width) for width in widths])
    return jax.tree.map(lambda p: p.shape, jax.eval_shape(model.init, jax.random.key(0), inputs)[0])


def test_parameters_have_the_counts_that_the_drawings_show():
    assert shapes([2, 3, 5], jnp.ones((1, 5)))["1"] == {"w": (5, 2), "b": (2,)}  # 10 weights, 2 biases
    assert shapes([3], jnp.ones((1, 2)))["1"]["w"] == (2, 3)
    assert shapes([30], jnp.ones((1, 28, 28, 1)))["1"]["w"] == (784, 30)


def test_the_column_convention_is_the_transpose_of_ours():
    rng = np.random.default_rng(0)
    w, b, x = rng.normal(size=(3, 2)), rng.normal(size=(3, 1)), rng.normal(size=(2, 7))
    params = {"w": jnp.asarray(w.T, jnp.float32), "b": jnp.asarray(b[:, 0], jnp.float32)}
    ours, _ = dense(3).apply(params, {}, jnp.asarray(x.T, jnp.float32))
    np.testing.assert_allclose(ours, (w @ x + b).T, rtol=1e-5, atol=1e-6)


def hand_written(params, x, t, rate, activate, hidden_error):
    """One step of the textbook rules, in the batch's sum: `w2 += r Z'(T-P)`, `w1 += r X' dZ`."""
    w1, b1, w2, b2 = (np.asarray(params[n][k]) for n in ("0", "head") for k in ("w", "b"))
    z = activate(x @ w1 + b1)
    miss = t - (z @ w2 + b2)
    dz = hidden_error(miss @ w2.T, z)
    return {
        "0": {"w": w1 + rate * x.T @ dz, "b": b1 + rate * dz.sum(0)},
        "head": {"w": w2 + rate * z.T @ miss, "b": b2 + rate * miss.sum(0)},
    }


@pytest.mark.parametrize(
    ("activation", "activate", "hidden_error"),
    [
        (sigmoid, lambda a: 1 / (1 + np.exp(-a)), lambda back, z: back * z * (1 - z)),
        (tanh, np.tanh, lambda back, z: back * (1 - z**2)),
        (relu, lambda a: np.maximum(a, 0), lambda back, z: back * (z > 0)),
    ],
)
def test_hand_written_rules_are_minus_the_rate_times_the_gradient(activation, activate, hidden_error):
    rng = np.random.default_rng(1)
    x, t = rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(6, 2)).astype(np.float32)
    model = serial(dense(4), activation, head=dense(2))
    params, _ = jax.jit(model.init)(jax.random.key(0), x)
    # The rules are for the sum over outputs of 1/2 (t - p)^2; our losses take the mean over them.
    gradient = jax.jit(jax.grad(lambda p: 2 * half_mse(model.apply(p, {}, x)[0], t).sum()))(params)
    by_rule = hand_written(params, x, t, 0.1, activate, hidden_error)
    for ours, theirs in zip(
        jax.tree.leaves(jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)), jax.tree.leaves(by_rule), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_an_epoch_has_as_many_steps_as_batches_the_last_one_may_be_short():
    assert [steps_per_epoch(n, batch) for n, batch in ((60000, 128), (60000, 60000), (10, 3), (9, 3))] == [469, 1, 4, 3]


def test_arctan_error_is_smaller_than_the_squared_one_and_bounded():
    target = jnp.concatenate([jnp.linspace(-3, 3, 60), jnp.array([1e4, -1e4, 1e20])])[:, None]
    output = jnp.zeros_like(target)
    robust, squared = np.asarray(arctan(output, target)), np.asarray(mse(output, target.clip(-1e9, 1e9)))
    assert np.all(robust < squared)
    assert np.all(robust <= (np.pi / 2) ** 2 + 1e-6)
    assert robust[-1] == pytest.approx((np.pi / 2) ** 2)


def test_binary_cross_entropy_adds_its_terms():
    for p, y in ((0.8, 1), (0.8, 0), (0.3, 0.5)):
        logit = jnp.array([np.log(p / (1 - p))])
        expected = -(y * np.log(p) + (1 - y) * np.log(1 - p))
        np.testing.assert_allclose(binary_cross_entropy(logit, jnp.array([y])), [expected], rtol=1e-5)
    # With a minus between the terms, certainty about the wrong class would be rewarded.
    assert float(binary_cross_entropy(jnp.array([10.0]), jnp.array([0]))[0]) == pytest.approx(10, abs=1e-3)
