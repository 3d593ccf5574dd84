"""Exact probabilities and means of a Boltzmann machine against numpy, and Gibbs sampling against the exact means."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import boltzmann

pytestmark = pytest.mark.usefixtures("quick_compiler")
VISIBLE, HIDDEN = 3, 2
UNITS = VISIBLE + HIDDEN
MODEL = boltzmann((VISIBLE,), hidden=HIDDEN)


@pytest.fixture(scope="module")
def machine():
    rng = np.random.default_rng(0)
    upper = np.triu(rng.normal(size=(UNITS, UNITS)), 1)
    return upper + upper.T, rng.normal(size=UNITS)


@pytest.fixture(scope="module")
def params(machine):
    w, b = machine
    return {"machine": {"w": jnp.asarray(w, jnp.float32), "b": jnp.asarray(b, jnp.float32)}}


def exact(machine):
    """All states, and their probabilities in float64."""
    w, b = machine
    states = np.array(list(product([0.0, 1.0], repeat=UNITS)))
    weights = np.exp(0.5 * np.einsum("si,ij,sj->s", states, w, states) + states @ b)
    return states, weights / weights.sum()


def given(machine, v):
    """The states with these visible units, and their probabilities given these."""
    states, p = exact(machine)
    same = (states[:, :VISIBLE] == v).all(1)
    return states[same], p[same] / p[same].sum()


V = np.array([[0.0, 1, 1], [1, 1, 0]])


def test_log_probabilities_are_those_of_enumeration(machine, params):
    states, p = exact(machine)
    wanted = [np.log(p[(states[:, :VISIBLE] == v).all(1)].sum()) for v in V]
    np.testing.assert_allclose(MODEL.log_prob(params, {}, jnp.asarray(V, jnp.float32)), wanted, atol=1e-5)


def test_means_with_free_and_with_clamped_visible_units_are_those_of_enumeration(machine, params):
    states, p = exact(machine)
    mean, pairs = MODEL.statistics(params)
    np.testing.assert_allclose(mean, p @ states, atol=1e-6)
    np.testing.assert_allclose(pairs, np.einsum("s,si,sj->ij", p, states, states), atol=1e-6)
    mean, pairs = MODEL.statistics(params, jnp.asarray(V, jnp.float32))
    some = [given(machine, v) for v in V]
    np.testing.assert_allclose(mean, np.mean([q @ s for s, q in some], axis=0), atol=1e-6)
    np.testing.assert_allclose(pairs, np.mean([np.einsum("s,si,sj->ij", q, s, s) for s, q in some], axis=0), atol=1e-6)


def test_the_probabilities_of_codes_have_the_first_hidden_unit_as_lowest_bit(machine, params):
    codes = np.asarray(MODEL.codes(params, jnp.asarray(V, jnp.float32)))
    for row, v in zip(codes, V, strict=True):
        for state, p in zip(*given(machine, v), strict=True):
            assert row[int(state[VISIBLE] + 2 * state[VISIBLE + 1])] == pytest.approx(p, abs=1e-6)


def test_gibbs_sampling_has_the_exact_means_and_clamped_units_stay(machine, params, key):
    anneal = jax.jit(MODEL.anneal, static_argnums=4)
    start = jax.random.bernoulli(key, 0.5, (40_000, UNITS)).astype(jnp.float32)
    ones = jnp.ones(12)
    states, p = exact(machine)
    found = np.asarray(anneal(params, start, key, ones, 0), np.float64)
    np.testing.assert_allclose(found.mean(0), p @ states, atol=0.01)
    np.testing.assert_allclose(found.T @ found / len(found), np.einsum("s,si,sj->ij", p, states, states), atol=0.01)
    held = start.at[:, :VISIBLE].set(V[0])
    found = np.asarray(anneal(params, held, key, ones, VISIBLE), np.float64)
    assert (found[:, :VISIBLE] == V[0]).all()
    some, q = given(machine, V[0])
    np.testing.assert_allclose(found.mean(0), q @ some, atol=0.01)


def test_a_high_temperature_makes_units_independent_coins(params, key):
    hot = MODEL.anneal(params, jnp.zeros((20_000, UNITS)), key, jnp.full(2, 1e6), 0)
    np.testing.assert_allclose(np.asarray(hot).mean(0), 0.5, atol=0.02)


def test_samples_have_the_probabilities_of_the_patterns(machine, params, key):
    made = np.asarray(jax.jit(MODEL.sample, static_argnums=3)(params, {}, key, 30_000))
    states, p = exact(machine)
    for v in product([0.0, 1.0], repeat=VISIBLE):
        share = (made == v).all(1).mean()
        assert share == pytest.approx(p[(states[:, :VISIBLE] == v).all(1)].sum(), abs=0.015)


def test_more_units_than_can_be_enumerated_are_refused_with_the_flag():
    with pytest.raises(ValueError, match=r"16 at most; these are 15 visible and 2 hidden: .*--m\.hidden"):
        boltzmann((15,), hidden=2)  # before anything is traced, so that the command has no traceback
    with pytest.raises(ValueError, match=r"3 visible units cannot be divided into 2 equal groups \(--m\.groups\)"):
        boltzmann((3,), groups=2)


def test_values_other_than_0_and_1_have_the_probability_0():
    params, state = MODEL.init(jax.random.key(0), jnp.zeros((1, VISIBLE)))
    v = jnp.zeros((3, VISIBLE)).at[1, 0].set(0.5).at[2, 1].set(7.0)
    found = MODEL.log_prob(params, state, v)
    assert np.isfinite(found[0])
    assert found[1:].tolist() == [-np.inf, -np.inf]
