"""Restricted Boltzmann machines against numpy in float64, by enumeration of all states."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import rbm
from zoo._restricted import Machine, annealed, enumerable, enumerated, free_energy, gibbs

pytestmark = pytest.mark.usefixtures("quick_compiler")

VISIBLE, HIDDEN = 5, 4
RNG = np.random.default_rng(0)
W, A, B = RNG.normal(0, 1, (VISIBLE, HIDDEN)), RNG.normal(0, 1, VISIBLE), RNG.normal(0, 1, HIDDEN)
MACHINE = Machine(*(jnp.asarray(each, jnp.float32) for each in (W, A, B)))


def states(count):
    """All states of binary units (2^count, count)."""
    return np.array([[number >> i & 1 for i in range(count)] for number in range(2**count)], np.float64)


def energies(v, h):
    """E(v, h) of each pair of rows, float64 (len(v), len(h))."""
    return -(v @ A)[:, None] - (h @ B)[None] - v @ W @ h.T


def log_sum(values, axis=None):
    top = values.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(values - top).sum(axis=axis))


V, H = states(VISIBLE), states(HIDDEN)
LOG_Z = log_sum(-energies(V, H))
JOINT = np.exp(-energies(V, H) - LOG_Z)  # probabilities (32, 16)


def test_the_free_energy_is_the_sum_over_all_hidden_states():
    np.testing.assert_allclose(
        free_energy(MACHINE, jnp.asarray(V, jnp.float32)), -log_sum(-energies(V, H), 1), rtol=1e-5
    )


def test_the_partition_function_is_exact_from_either_side():
    assert float(enumerated(MACHINE)) == pytest.approx(LOG_Z, abs=1e-5)
    turned = Machine(MACHINE.w.T, MACHINE.b, MACHINE.a)
    assert float(enumerated(turned)) == pytest.approx(LOG_Z, abs=1e-5)


def test_more_units_than_a_block_are_enumerated_as_well():
    w, a, b = RNG.normal(0, 0.5, (13, 12)), RNG.normal(0, 1, 13), RNG.normal(0, 1, 12)
    h = states(12)
    wanted = log_sum(h @ b + np.log1p(np.exp(a + h @ w.T)).sum(axis=1))
    machine = Machine(*(jnp.asarray(each, jnp.float32) for each in (w, a, b)))
    assert float(enumerated(machine)) == pytest.approx(wanted, abs=2e-5)


def test_gaussian_units_are_integrated():
    w, a, b, variance = RNG.normal(0, 1, (1, 3)), np.array([0.5]), RNG.normal(0, 1, 3), 0.49
    machine = Machine(*(jnp.asarray(each, jnp.float32) for each in (w, a, b)), variance)
    v, h = np.linspace(-15, 15, 60_001)[:, None], states(3)
    density = -np.square(v - a) / (2 * variance) + h @ b + v @ w @ h.T  # of each pair (60,001, 8)
    wanted = log_sum(density) + np.log(v[1, 0] - v[0, 0])
    assert float(enumerated(machine)) == pytest.approx(wanted, abs=1e-4)
    np.testing.assert_allclose(
        free_energy(machine, jnp.asarray(v[::10_000], jnp.float32)), -log_sum(density[::10_000], 1), rtol=1e-4
    )


def test_the_gradient_of_the_likelihood_is_data_minus_model():
    data = V[[3, 3, 17, 30]]
    active = 1 / (1 + np.exp(-(data @ W + B)))
    wanted = {
        "w": data.T @ active / 4 - V.T @ JOINT @ H,
        "a": data.mean(axis=0) - JOINT.sum(axis=1) @ V,
        "b": active.mean(axis=0) - JOINT.sum(axis=0) @ H,
    }

    def likelihood(machine):
        return -jnp.mean(free_energy(machine, jnp.asarray(data, jnp.float32))) - enumerated(machine)

    gradient = jax.jit(jax.grad(likelihood))(MACHINE)
    for name, value in wanted.items():
        np.testing.assert_allclose(getattr(gradient, name), value, atol=1e-5)


def test_gibbs_sampling_has_the_distribution_of_the_machine(key):
    made = jax.jit(gibbs, static_argnums=3)(MACHINE, jnp.zeros((10_000, VISIBLE)), key, 20)
    shares = np.bincount(np.asarray(made, int) @ 2 ** np.arange(VISIBLE), minlength=32) / 10_000
    np.testing.assert_allclose(shares, JOINT.sum(axis=1), atol=0.02)  # four standard errors of the largest


def test_gaussian_units_are_sampled_around_what_the_hidden_units_add(key):
    machine = Machine(jnp.array([[2.0]]), jnp.array([1.0]), jnp.array([0.0]), 0.25)
    made = np.asarray(jax.jit(gibbs, static_argnums=3)(machine, jnp.ones((10_000, 1)), key, 10))[:, 0]
    one = np.exp(1 * 2 + 0.25 * 2**2 / 2)  # odds of h = 1: exp(a w + s2 w^2 / 2)
    share = one / (1 + one)
    assert made.mean() == pytest.approx(1 + 0.25 * 2 * share, abs=0.025)
    assert made.var() == pytest.approx(0.25 + share * (1 - share) * 0.5**2, abs=0.025)


def random_machine(seed, variance, visible=16, hidden=10):
    rng = np.random.default_rng(seed)
    parts = rng.normal(0, 0.5, (visible, hidden)), rng.normal(0, 1, visible), rng.normal(0, 1, hidden)
    return Machine(*(jnp.asarray(each, jnp.float32) for each in parts), variance)


@pytest.mark.parametrize("variance", [None, 0.5])
def test_annealed_importance_sampling_agrees_with_enumeration_and_states_its_error(variance, key):
    estimate = jax.jit(lambda machine, base, key: (annealed(machine, base, key, 100, 300)[:2], enumerated(machine)))
    for seed in range(3):
        machine = random_machine(seed, variance)
        base = machine.a + jnp.asarray(np.random.default_rng(seed).normal(0, 0.1, 16), jnp.float32)
        (found, error), exact = estimate(machine, base, jax.random.fold_in(key, seed))
        assert float(found) == pytest.approx(float(exact), abs=0.1)
        assert abs(float(found - exact)) < 5 * float(error) + 0.01
        assert 0 < float(error) < 0.1


def test_the_end_of_the_annealed_chains_is_a_sample_of_the_machine(key):
    base = jnp.zeros(VISIBLE)
    _, _, made = jax.jit(lambda: annealed(MACHINE, base, key, 10_000, 100))()
    np.testing.assert_allclose(np.asarray(made).mean(axis=0), JOINT.sum(axis=1) @ V, atol=0.02)


def test_only_a_small_side_is_enumerated():
    def machine(visible, hidden, variance=None):
        return Machine(jnp.zeros((visible, hidden)), jnp.zeros(visible), jnp.zeros(hidden), variance)

    assert enumerable(machine(64, 20))
    assert enumerable(machine(16, 500))
    assert not enumerable(machine(16, 500, 1.0))  # states of Gaussian units are not finite in number
    assert not enumerable(machine(784, 500))
    assert not enumerable(machine(784, 20))  # 8e8 terms


@pytest.fixture
def model(key):
    made = rbm((VISIBLE,), hidden=HIDDEN)
    _, state = made.init(key, jnp.zeros((1, VISIBLE)))
    params = {"body": {"0": {"w": MACHINE.w, "b": MACHINE.b}}, "visible": {"b": MACHINE.a}}
    return made, params, state | {"log_z": jnp.float32(LOG_Z)}


def test_probabilities_of_all_visible_states_sum_to_one(model):
    made, params, state = model
    nats = np.asarray(made.apply(params, state, jnp.asarray(V, jnp.float32))[0], np.float64)
    np.testing.assert_allclose(np.exp(nats), JOINT.sum(axis=1), atol=1e-5)
    assert np.exp(nats).sum() == pytest.approx(1, abs=1e-4)


def test_features_are_the_probabilities_of_the_hidden_units_given_grey_values(model):
    made, params, state = model
    x = RNG.uniform(size=(3, VISIBLE))
    wanted = 1 / (1 + np.exp(-(x @ W + B)))
    np.testing.assert_allclose(made.features(params, state, jnp.asarray(x, jnp.float32)), wanted, rtol=1e-4)


def test_grey_values_become_binary_by_a_threshold_or_with_their_value_as_probability(key):
    x = jnp.tile(jnp.array([0.0, 0.3, 0.5, 0.7, 1.0]), (4000, 1))
    assert np.asarray(rbm((5,)).visible(x, key)).mean(axis=0).tolist() == [0, 0, 0, 1, 1]
    random = rbm((5,), binarise="random")
    np.testing.assert_allclose(np.asarray(random.visible(x, key)).mean(axis=0), x[0], atol=0.03)
    alone = np.asarray(random.visible(x))
    np.testing.assert_array_equal(alone, np.tile(alone[0], (4000, 1)))  # without a key, rows do not differ


def test_known_units_stay_and_the_others_have_their_conditional_mean(model, key):
    made, params, state = model
    known, x = jnp.array([1, 1, 1, 0, 0]), jnp.tile(jnp.array([1.0, 0.0, 1.0, 0.0, 0.0]), (400, 1))
    found = np.asarray(jax.jit(made.complete)(params, state, x, known, key))
    np.testing.assert_array_equal(found[:, :3], x[:, :3])
    possible = (V[:, :3] == [1, 0, 1]).all(axis=1)
    weight = JOINT.sum(axis=1) * possible
    np.testing.assert_allclose(found.mean(axis=0)[3:], (weight @ V / weight.sum())[3:], atol=0.02)


def test_rates_are_the_logits_of_the_shares_and_never_infinite():
    v = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(rbm((2,)).rates(v), np.log([3 / 2, 1 / 4]), rtol=1e-5)
    np.testing.assert_allclose(rbm((2,), units="gaussian").rates(v), [2 / 3, 0], rtol=1e-5)


@pytest.mark.parametrize("options", [{"hidden": 0}, {"runs": 0}, {"runs": 1}, {"temperatures": 0}, {"std": 0.0}])
def test_machines_that_cannot_be_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        rbm((4,), **options)
