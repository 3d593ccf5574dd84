"""The column of Maass et al. 2002: connections by distance, Dale's law, plasticity, and its spikes against a loop."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from zoo._liquid import connected
from zoo.layers import Sequence
from zoo.lsm import lsm

pytestmark = pytest.mark.usefixtures("quick_compiler")
GRID, EXCITATORY = (4, 3, 2), 19


X = (np.random.default_rng(0).random((2, 120, 3)) < 0.15).astype(np.float32)


@functools.cache
def drawn(plastic=True):
    """A small liquid that is read three times, and its parameters."""
    model = lsm(2, grid=GRID, samples=3, decay=20.0, plastic=plastic)
    params, _ = jax.jit(model.init)(jax.random.key(0), X)
    return model, params, jax.jit(model.features), jax.jit(model.record)


def looped(params, x, excitatory, plastic):
    """Spikes (time, units) of one example (time, channels) in float64, one unit and one synapse after another."""
    p = {name: np.asarray(each, np.float64) for name, each in params.items()}
    units = len(p["potential"])
    kind = (np.arange(units) >= excitatory).astype(int)
    v, last, spikes = p["potential"].copy(), np.full(units, -99), np.zeros((len(x), units))
    raised, left, current = np.zeros((2, units)), np.ones((2, units)), np.zeros((2, units))
    for t in range(len(x)):
        current *= np.exp([[-1 / 3], [-1 / 6]])
        current[0] += x[t] @ p["w_x"]
        if plastic:
            raised *= np.exp(-1 / p["facilitation"])
            left = 1 - (1 - left) * np.exp(-1 / p["depression"])
        for i in np.flatnonzero(spikes[t - 1]) if t else ():
            for target in range(2):
                u = p["use"][target, i]
                if plastic:
                    raised[target, i] = u + raised[target, i] * (1 - u)
                    used = raised[target, i] * left[target, i]
                    left[target, i] -= used
                else:
                    used = u
                for j in np.flatnonzero(kind == target):
                    current[kind[i], j] += np.round(256 * used) / 256 * p["w_h"][i, j]
        for j in range(units):
            if t - last[j] <= (3, 2)[kind[j]]:
                v[j] = 13.5
                continue
            v[j] += (1 - np.exp(-1 / 30)) * (13.5 + current[:, j].sum() - v[j])
            if v[j] >= 15:
                spikes[t, j], v[j], last[j] = 1, 13.5, t
    return spikes


@pytest.mark.parametrize("plastic", [True, False])
def test_the_spikes_are_those_of_a_loop_in_float64(plastic):
    _, params, _, record = drawn(plastic)
    found = np.asarray(record(params, {}, X))
    for i in range(2):
        np.testing.assert_array_equal(found[i], looped(params["hidden"], X[i].astype(float), EXCITATORY, plastic))
    assert found[:, :, :EXCITATORY].sum() > 100
    assert found[:, :, EXCITATORY:].sum() > 10


def test_features_are_filtered_spikes_at_the_ends_of_equal_parts():
    model, params, features, record = drawn()
    spikes, before = np.asarray(record(params, {}, X), np.float64), np.arange(120)

    def traced(spikes):
        decays = [np.exp(-(end - 1 - before[:end]) / 20) for end in (40, 80, 120)]
        return np.stack([np.concatenate([decay @ each[: len(decay)] for decay in decays]) for each in spikes])

    np.testing.assert_allclose(features(params, {}, X), traced(spikes), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jax.jit(model.raw.features)({}, {}, X), traced(X), rtol=1e-5, atol=1e-6)


def test_the_states_of_an_example_are_the_same_bits_in_every_batch():
    _, params, features, _ = drawn()
    both, many = np.asarray(features(params, {}, X)), np.asarray(features(params, {}, np.concatenate([X] * 37)))
    for i in range(2):
        np.testing.assert_array_equal(many[i::2], np.broadcast_to(both[i], (37, both.shape[1])))


def test_connections_have_the_probability_of_the_formula(key):
    draw = jax.jit(jax.vmap(lambda key: connected(key, (5, 3, 3), 36, 2.0)))
    places, links = map(np.asarray, draw(jax.random.split(key, 400)))
    apart = np.square(places[:, :, None] - places[:, None]).sum(-1)
    kind = (np.arange(45) >= 36).astype(int)
    factor = np.array([[0.3, 0.2], [0.4, 0.1]])[kind[:, None], kind]
    assert not links[apart == 0].any()
    assert {tuple(each) for each in places[0].tolist()} == {tuple(each) for each in np.argwhere(np.ones((5, 3, 3)))}
    chi_square, cells = 0.0, 0
    for c in np.unique(factor):
        for square in range(1, 25):
            found = links[(apart == square) & (factor == c)]
            p = c * np.exp(-square / 4)
            if len(found) * p > 10:
                chi_square += (found.sum() - len(found) * p) ** 2 / (len(found) * p * (1 - p))
                cells += 1
    assert cells > 20
    assert chi_square < cells + 4 * np.sqrt(2 * cells)


def test_a_unit_only_excites_or_only_inhibits_and_a_fifth_inhibits():
    model, params, _, _ = drawn()
    w = np.asarray(params["hidden"]["w_h"])
    assert model.excitatory == EXCITATORY
    assert (w[:EXCITATORY] >= 0).all()
    assert (w[EXCITATORY:] <= 0).all()
    assert (w[:EXCITATORY] > 0).any()
    assert (w[EXCITATORY:] < 0).any()
    assert (np.diag(w) == 0).all()


def test_amplitudes_have_the_means_and_deviations_of_the_paper(key):
    model, x = lsm(2, grid=(8, 5, 5), reach=4.0), np.zeros((1, 10, 30), np.float32)
    hidden = jax.tree.map(np.asarray, jax.jit(model.init)(key, x)[0]["hidden"])
    w, e = hidden["w_h"], model.excitatory
    blocks = {30: w[:e, :e], 60: w[:e, e:], -19: np.concatenate([w[e:, :e], w[e:, e:]], axis=1)}
    blocks |= {18: hidden["w_x"][:, :e], 9: hidden["w_x"][:, e:]}
    for mean, block in blocks.items():
        there = block[block != 0]
        error = abs(mean) / np.sqrt(len(there))
        assert abs(there.mean() - mean) < 4 * error + 0.1
        assert there.std() == pytest.approx(abs(mean), rel=0.2)
    assert (hidden["w_x"] != 0).mean() == pytest.approx(0.3, abs=0.03)
    for name, means in {"depression": (1100, 125), "facilitation": (50, 1200)}.items():
        assert hidden[name][:, :e].mean(1) == pytest.approx(means, rel=0.15)
        assert (hidden[name] > 0).all()
    assert ((hidden["use"] > 0) & (hidden["use"] <= 1)).all()


def test_what_is_no_spike_train_is_refused(key):
    model, params, _, _ = drawn()
    with pytest.raises(ValueError, match=r"lsm expects 3 axes \(batch, time, channels\)"):
        model.init(key, X[0])
    with pytest.raises(ValueError, match="lsm reads examples of one length"):
        model.apply(params, {}, Sequence(X, jnp.array([3, 10])))
    with pytest.raises(ValueError, match="samples must be a positive integer"):
        lsm(2, samples=0)


def test_a_liquid_is_exported_for_sequences_of_any_length():
    model, params, features, _ = drawn()
    shape = (*export.symbolic_shape("batch, time"), 3)
    program = export.export(jax.jit(lambda x: model.features(params, {}, x)))(jax.ShapeDtypeStruct(shape, jnp.float32))
    np.testing.assert_allclose(program.call(X[:1, :50]), features(params, {}, X[:1, :50]), atol=1e-6)
