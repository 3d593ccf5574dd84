"""Recall of a Hopfield network: fixed points, energies, cycles of two states, and the softmax update."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import hopfield
from zoo.hopfield import CHANGING, CYCLE, SETTLED

pytestmark = pytest.mark.usefixtures("quick_compiler")
SIZE, COUNT = 60, 5
RNG = np.random.default_rng(0)
X = RNG.choice([-1.0, 1.0], (COUNT, SIZE))
W = X.T @ X * (1 - np.eye(SIZE))
PARAMS = {"memory": {"w": jnp.asarray(W, jnp.float32), "patterns": jnp.asarray(X, jnp.float32)}}
STARTS = RNG.choice([-1.0, 1.0], (12, SIZE))


@pytest.fixture(scope="module")
def found():
    return jax.jit(hopfield().recall)(PARAMS, {}, jnp.asarray(STARTS, jnp.float32))


def test_asynchronous_recall_ends_where_no_unit_would_change(found):
    final = np.asarray(found.pattern, np.float64)
    assert (final * (final @ W) >= 0).all()
    assert (np.asarray(found.ending) == SETTLED).all()
    assert (np.asarray(found.sweeps) >= 1).all()


def test_the_energy_is_that_of_the_weights_and_no_sweep_increases_it(found):
    energy = np.asarray(found.energy)
    for states, row in ((STARTS, energy[0]), (np.asarray(found.pattern, np.float64), energy[-1])):
        np.testing.assert_allclose(row, -0.5 * np.einsum("bi,ij,bj->b", states, W, states) / SIZE, rtol=1e-5)
    assert (np.diff(energy, axis=0) <= 0).all()
    assert (energy[0] > energy[-1]).all()


@pytest.mark.parametrize("updates", ["asynchronous", "synchronous"])
def test_the_path_holds_the_states_of_the_recall_sweep_by_sweep(updates):
    model, x = hopfield(updates=updates), jnp.asarray(STARTS, jnp.float32)
    found, path = model.recall(PARAMS, {}, x), np.asarray(model.path(PARAMS, {}, x), np.float64)
    np.testing.assert_array_equal(path[0], STARTS)
    np.testing.assert_array_equal(path[-1], found.pattern)
    energies = -0.5 * np.einsum("sbi,ij,sbj->sb", path, W, path) / SIZE
    np.testing.assert_allclose(energies, found.energy, rtol=1e-5, atol=1e-6)
    moved = (np.diff(path, axis=0) != 0).any(-1).sum(0)
    np.testing.assert_array_equal(moved, found.sweeps)


def test_the_nearest_stored_pattern_is_named_with_its_overlap(found):
    overlaps = np.asarray(found.pattern) @ X.T / SIZE
    np.testing.assert_array_equal(found.nearest, np.abs(overlaps).argmax(1))
    np.testing.assert_allclose(found.overlap, overlaps[np.arange(12), found.nearest], atol=1e-6)
    inverse = hopfield().recall(PARAMS, {}, jnp.asarray(-X[1:2], jnp.float32))
    assert (int(inverse.nearest[0]), float(inverse.overlap[0])) == (1, -1.0)


def test_an_update_turns_one_unit_by_its_field_and_leaves_one_without_a_field():
    model, s = hopfield(), jnp.asarray(STARTS.T, jnp.float32)
    after = np.asarray(model.update(PARAMS, s, 7))
    fields = W[7] @ STARTS.T
    np.testing.assert_array_equal(after[7], np.where(fields == 0, STARTS[:, 7], np.sign(fields)))
    np.testing.assert_array_equal(np.delete(after, 7, 0), np.delete(STARTS.T, 7, 0))
    nothing = {"memory": PARAMS["memory"] | {"w": jnp.zeros((SIZE, SIZE))}}
    np.testing.assert_array_equal(model.update(nothing, s, 7), s)


def test_synchronous_updates_of_two_units_that_inhibit_each_other_are_a_cycle_and_no_recall():
    params = {"memory": {"w": jnp.array([[0.0, -2.0], [-2.0, 0.0]]), "patterns": jnp.array([[1.0, -1.0]])}}
    alike = jnp.array([[1.0, 1.0], [1.0, -1.0]])
    together, alone = (
        hopfield(updates=updates).recall(params, {}, alike) for updates in ("synchronous", "asynchronous")
    )
    assert together.ending.tolist() == [CYCLE, SETTLED]
    assert alone.ending.tolist() == [SETTLED, SETTLED]
    assert sorted(np.asarray(alone.pattern)[0].tolist()) == [-1, 1]


def test_a_recall_that_is_cut_short_says_that_it_still_changes():
    starts = jnp.asarray(STARTS, jnp.float32)
    assert CHANGING in hopfield(updates="synchronous", sweeps=1).recall(PARAMS, {}, starts).ending


def test_the_key_draws_the_order_and_the_same_key_the_same(key):
    params = {"memory": {"w": jnp.array([[0.0, -2.0], [-2.0, 0.0]]), "patterns": jnp.array([[1.0, -1.0]])}}
    recall = jax.jit(lambda key: hopfield().recall(params, {}, jnp.ones((1, 2)), key).pattern)
    ends = {tuple(np.asarray(recall(jax.random.fold_in(key, i)))[0].tolist()) for i in range(12)}
    assert ends == {(1, -1), (-1, 1)}
    np.testing.assert_array_equal(recall(key), recall(key))


def test_the_modern_form_is_the_softmax_update_and_its_energy_falls():
    model, beta = hopfield(form="modern", beta=0.2, sweeps=3), 0.2
    params, s = {"memory": {"patterns": PARAMS["memory"]["patterns"]}}, STARTS
    found = model.recall(params, {}, jnp.asarray(s, jnp.float32))
    for sweep in range(4):
        similar = beta * s @ X.T
        log_sum = np.log(np.exp(similar).sum(1)) / beta
        energy = -log_sum + 0.5 * (s**2).sum(1) + np.log(COUNT) / beta + 0.5 * SIZE
        np.testing.assert_allclose(found.energy[sweep], energy, rtol=1e-4, atol=1e-3)
        if sweep < 3:
            s = np.exp(similar) / np.exp(similar).sum(1, keepdims=True) @ X
    np.testing.assert_allclose(found.pattern, s, atol=1e-4)
    assert (np.diff(np.asarray(found.energy), axis=0) < 1e-3).all()


def test_the_modern_form_recalls_more_patterns_than_the_classical_holds(key):
    x = jax.random.rademacher(key, (200, SIZE), jnp.float32)
    damaged = x * jnp.where(jnp.arange(SIZE) < 6, -1, 1)
    classical = {"memory": {"w": x.T @ x * (1 - jnp.eye(SIZE)), "patterns": x}}
    few = jax.jit(hopfield().recall)(classical, {}, damaged)
    many = jax.jit(hopfield(form="modern").recall)({"memory": {"patterns": x}}, {}, damaged)
    assert float(jnp.mean(jnp.all(few.pattern == x, axis=1))) < 0.05
    assert float(jnp.mean(jnp.all(jnp.sign(many.pattern) == x, axis=1))) > 0.99


def test_a_memory_of_large_images_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"30,000 entries .*--d\.size 64 --d\.grey.*--m\.form modern"):
        hopfield().init(jax.random.key(0), jnp.zeros((1, 100, 100, 3)))
    params, _ = jax.eval_shape(hopfield(form="modern").init, jax.random.key(0), jnp.zeros((2, 100, 100, 3)))
    assert params["memory"]["patterns"].shape == (2, 30_000)
