"""The costs of both players against numpy by hand, the penalties against closed forms and finite differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dense
from zoo.train.losses.adversarial import LOSSES, adversarial_loss
from zoo.train.losses.penalties import between, gradient_penalty, r1_penalty

pytestmark = pytest.mark.usefixtures("quick_compiler")
REAL, FAKE = np.array([-2.0, 0.0, 0.5, 3.0]), np.array([-1.0, 0.0, 0.25, 2.0])


def d(z):
    """The probability that a logit means."""
    return 1 / (1 + np.exp(-z))


# The published formulas: (discriminator on real, discriminator on made, generator).
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


def test_every_loss_is_held_to_its_formula():
    assert set(BY_HAND) == set(LOSSES)


@pytest.mark.parametrize("name", BY_HAND)
def test_both_players_are_told_what_was_published(name):
    game, (real, fake, made) = adversarial_loss(name), BY_HAND[name]
    np.testing.assert_allclose(game.real(jnp.asarray(REAL)[:, None]), real, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(game.fake(jnp.asarray(FAKE)[:, None]), fake, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(game.made(jnp.asarray(FAKE)[:, None]), made, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SMOOTHED)
def test_smoothing_moves_the_labels_of_real_examples_alone(name):
    game = adversarial_loss(name, label_smoothing=0.1)
    np.testing.assert_allclose(game.real(jnp.asarray(REAL)[:, None]), SMOOTHED[name], rtol=1e-5)
    np.testing.assert_allclose(game.fake(jnp.asarray(FAKE)[:, None]), BY_HAND[name][1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(game.made(jnp.asarray(FAKE)[:, None]), BY_HAND[name][2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BY_HAND)
def test_no_loss_overflows_where_the_discriminator_is_sure(name):
    sure = jnp.array([[1e4], [-1e4]])
    for cost in adversarial_loss(name)[:3]:
        assert np.isfinite(cost(sure)).all()
        assert np.isfinite(jax.grad(lambda z: cost(z).sum())(sure)).all()  # noqa: B023


def test_the_saturated_generator_learns_from_non_saturating_alone():
    lost = jnp.array([[-20.0]])  # the discriminator is sure that it was made
    slope = {name: float(jax.grad(lambda z: adversarial_loss(name).made(z).sum())(lost)[0, 0]) for name in BY_HAND}  # noqa: B023
    assert abs(slope["minimax"]) < 1e-8
    assert slope["non_saturating"] == pytest.approx(-1)


def test_the_opinion_is_a_probability_only_where_the_loss_knows_one():
    for name in BY_HAND:
        told = float(adversarial_loss(name).opinion(jnp.array([[2.0]]))[0])
        assert told == pytest.approx(d(2.0) if name in ("minimax", "non_saturating") else 2.0)


def critic(key):
    params, state = dense(1).init(key, jnp.zeros((1, 3)))
    return params["w"], lambda x: dense(1).apply(params, state, x)[0]


def test_the_penalties_of_a_linear_critic_have_their_closed_form(key):
    w, logit = critic(key)
    norm = float(jnp.linalg.norm(w))
    real, made = jnp.ones((5, 3)), jnp.zeros((5, 3))
    assert float(gradient_penalty(logit, real, made, key)) == pytest.approx((norm - 1) ** 2, rel=1e-4)
    assert float(r1_penalty(logit, real)) == pytest.approx(norm**2 / 2, rel=1e-5)


def test_the_gradient_of_the_penalty_is_that_of_finite_differences(key):
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        rng = np.random.default_rng(0)
        real, made = jnp.asarray(rng.normal(size=(4, 3))), jnp.asarray(rng.normal(size=(4, 3)))
        w = jnp.asarray(rng.normal(size=3))

        def penalty(w):
            return gradient_penalty(lambda x: jnp.tanh(x @ w)[:, None], real, made, key)

        slope, step = jax.grad(penalty)(w), 1e-6
        for i in range(3):
            there, back = w.at[i].add(step), w.at[i].add(-step)
            assert float(slope[i]) == pytest.approx(float(penalty(there) - penalty(back)) / (2 * step), rel=1e-5)


def test_the_penalty_of_a_flat_critic_is_1_and_has_a_finite_gradient(key):
    def penalty(scale):
        return gradient_penalty(lambda x: scale * x[:, :1], jnp.ones((2, 3)), jnp.zeros((2, 3)), key)

    assert float(penalty(0.0)) == pytest.approx(1, rel=1e-4)
    assert np.isfinite(float(jax.grad(penalty)(0.0)))


def test_every_pair_has_its_own_place_between_real_and_made(key):
    real, made = jnp.ones((50, 2, 2, 1)), jnp.zeros((50, 2, 2, 1))
    places = np.asarray(between(real, made, key))
    assert (places == places[:, :1, :1]).all(), "one place on the line for all numbers of a sample"
    assert len(np.unique(places[:, 0, 0, 0])) == 50
    assert 0 <= places.min() < 0.2 < 0.8 < places.max() <= 1
