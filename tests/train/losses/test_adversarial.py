"""The GAN losses against numpy by hand, the penalties against closed forms and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dense
from zoo.train.losses.adversarial import LOSSES, adversarial_loss, gradient_penalty, interpolate, r1_penalty

pytestmark = pytest.mark.usefixtures("quick_compiler")
REAL, FAKE = np.array([-2.0, 0.0, 0.5, 3.0]), np.array([-1.0, 0.0, 0.25, 2.0])


def d(z):
    """Returns the probability of a logit."""
    return 1 / (1 + np.exp(-z))


# The published formulas: (discriminator on real, discriminator on generated, generator).
BY_HAND = {
    "minimax": (-np.log(d(REAL)), -np.log(1 - d(FAKE)), np.log(1 - d(FAKE))),
    "non_saturating": (-np.log(d(REAL)), -np.log(1 - d(FAKE)), -np.log(d(FAKE))),
    "least_squares": ((REAL - 1) ** 2 / 2, FAKE**2 / 2, (FAKE - 1) ** 2 / 2),
    "hinge": (np.maximum(0, 1 - REAL), np.maximum(0, 1 + FAKE), -FAKE),
    "wasserstein": (-REAL, FAKE, -FAKE),
}
SMOOTHED = {
    "minimax": -0.9 * np.log(d(REAL)) - 0.1 * np.log(1 - d(REAL)),
    "non_saturating": -0.9 * np.log(d(REAL)) - 0.1 * np.log(1 - d(REAL)),
    "least_squares": (REAL - 0.9) ** 2 / 2,
}


def test_every_loss_is_compared_with_a_formula():
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", BY_HAND)
def test_losses_equal_the_published_formulas(name):
    game, (real, fake, generated) = adversarial_loss(name), BY_HAND[name]
    np.testing.assert_allclose(game.real(jnp.asarray(REAL)[:, None]), real, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(game.fake(jnp.asarray(FAKE)[:, None]), fake, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(game.generator(jnp.asarray(FAKE)[:, None]), generated, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SMOOTHED)
def test_label_smoothing_changes_the_labels_of_real_examples_only(name):
    game = adversarial_loss(name, label_smoothing=0.1)
    np.testing.assert_allclose(game.real(jnp.asarray(REAL)[:, None]), SMOOTHED[name], rtol=1e-5)
    np.testing.assert_allclose(game.fake(jnp.asarray(FAKE)[:, None]), BY_HAND[name][1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(game.generator(jnp.asarray(FAKE)[:, None]), BY_HAND[name][2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BY_HAND)
def test_no_loss_overflows_where_the_discriminator_is_certain(name):
    certain = jnp.array([[1e4], [-1e4]])
    for cost in adversarial_loss(name)[:3]:
        assert np.isfinite(cost(certain)).all()
        assert np.isfinite(jax.grad(lambda z: cost(z).sum())(certain)).all()  # noqa: B023


def test_a_saturated_generator_has_a_gradient_with_non_saturating_only():
    lost = jnp.array([[-20.0]])  # the discriminator is certain that it is generated
    slope = {name: float(jax.grad(lambda z: adversarial_loss(name).generator(z).sum())(lost)[0, 0]) for name in BY_HAND}  # noqa: B023
    assert abs(slope["minimax"]) < 1e-8
    assert slope["non_saturating"] == pytest.approx(-1)


def test_the_logged_score_is_a_probability_where_the_loss_defines_one():
    for name in BY_HAND:
        score = float(adversarial_loss(name).score_transform(jnp.array([[2.0]]))[0])
        assert score == pytest.approx(d(2.0) if name in ("minimax", "non_saturating") else 2.0)


def critic(key):
    params, state = dense(1).init(key, jnp.zeros((1, 3)))
    return params["w"], lambda x: dense(1).apply(params, state, x)[0]


def test_penalties_of_a_linear_critic_equal_the_closed_form(key):
    w, logit = critic(key)
    norm = float(jnp.linalg.norm(w))
    real, generated = jnp.ones((5, 3)), jnp.zeros((5, 3))
    assert float(gradient_penalty(logit, real, generated, key)) == pytest.approx((norm - 1) ** 2, rel=1e-4)
    assert float(r1_penalty(logit, real)) == pytest.approx(norm**2 / 2, rel=1e-5)


def test_the_gradient_of_the_penalty_equals_finite_differences(key):
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        rng = np.random.default_rng(0)
        real, generated = jnp.asarray(rng.normal(size=(4, 3))), jnp.asarray(rng.normal(size=(4, 3)))
        w = jnp.asarray(rng.normal(size=3))

        def penalty(w):
            return gradient_penalty(lambda x: jnp.tanh(x @ w)[:, None], real, generated, key)

        slope, step = jax.grad(penalty)(w), 1e-6
        for i in range(3):
            ahead, behind = w.at[i].add(step), w.at[i].add(-step)
            assert float(slope[i]) == pytest.approx(float(penalty(ahead) - penalty(behind)) / (2 * step), rel=1e-5)


def test_the_penalty_of_a_constant_critic_is_1_with_a_finite_gradient(key):
    def penalty(scale):
        return gradient_penalty(lambda x: scale * x[:, :1], jnp.ones((2, 3)), jnp.zeros((2, 3)), key)

    assert float(penalty(0.0)) == pytest.approx(1, rel=1e-4)
    assert np.isfinite(float(jax.grad(penalty)(0.0)))


def test_every_pair_has_its_own_point_between_real_and_generated(key):
    real, generated = jnp.ones((50, 2, 2, 1)), jnp.zeros((50, 2, 2, 1))
    points = np.asarray(interpolate(real, generated, key))
    assert (points == points[:, :1, :1]).all(), "one weight for all values of a sample"
    assert len(np.unique(points[:, 0, 0, 0])) == 50
    assert 0 <= points.min() < 0.2 < 0.8 < points.max() <= 1
