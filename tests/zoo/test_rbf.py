"""Gaussian units, the k-means that places them, and the widths between them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.cluster import kmeans_plusplus

from zoo import elm, rbf
from zoo.layers.distances import smallest, squared_distances, two_smallest
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import load_data
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, least_squares
from zoo.train.trainers._kmeans import _drawn, kmeans
from zoo.train.trainers.radial_basis import radial_basis

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_a_unit_gives_1_at_its_centre_and_falls_as_a_gaussian(key):
    model = rbf(2, units=3)
    params, state = jax.jit(model.init)(key, jnp.zeros((1, 4)))
    centres = params["hidden"]["centres"]
    away = centres.at[:, 0].add(2.0)
    np.testing.assert_allclose(jnp.diag(model.features(params, state, centres)), 1, rtol=1e-5)
    np.testing.assert_allclose(jnp.diag(model.features(params, state, away)), np.exp(-4 / (2 * 4.0)), rtol=1e-4)


def test_distances_are_those_of_numpy():
    rng = np.random.default_rng(0)
    x, centres = rng.normal(size=(5, 7)), rng.normal(size=(3, 7))
    want = np.square(x[:, None] - centres).sum(-1)
    np.testing.assert_allclose(squared_distances(jnp.asarray(x), jnp.asarray(centres)), want, rtol=1e-5)


def test_the_places_of_the_smallest_values_are_those_of_numpy_also_of_equal_ones():
    values = np.random.default_rng(0).integers(0, 4, (50, 9)).astype(np.float32)
    values[0], values[1, 3] = np.inf, np.nan
    found = np.asarray(smallest(jnp.asarray(values)))
    np.testing.assert_array_equal(np.delete(found, [0, 1]), np.delete(values, [0, 1], 0).argmin(1))
    assert (found[0], found[1]) == (0, 8)
    several = np.asarray(two_smallest(jnp.asarray(values[2:])))
    np.testing.assert_array_equal(several, np.argsort(values[2:], axis=1, kind="stable")[:, :2])


def test_greedy_seeds_leave_as_little_as_those_of_scikit_learn_and_less_than_one_candidate_a_centre(key):
    x = load_data("digits").train.x.reshape(-1, 64).astype(np.float32)

    def left(centres):
        return np.mean(np.min(squared_distances(jnp.asarray(x), jnp.asarray(centres)), axis=1))

    ours = np.mean([left(_drawn(jax.random.key(seed), jnp.asarray(x), 60)) for seed in range(3)])
    one, several = (
        np.mean([left(kmeans_plusplus(x, 60, random_state=seed, n_local_trials=trials)[0]) for seed in range(3)])
        for trials in (1, None)
    )
    assert ours < 1.04 * several
    assert ours < 0.95 * one


def test_k_means_ends_where_lloyds_algorithm_of_numpy_stays(key):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(30, 2)) + middle for middle in ([0, 0], [8, 0], [0, 8], [8, 8])])
    centres = np.asarray(kmeans(key, jnp.asarray(x, jnp.float32), 4, 20), np.float64)
    nearest = np.square(x[:, None] - centres).sum(-1).argmin(1)
    assert sorted(np.bincount(nearest, minlength=4)) == [30, 30, 30, 30]
    np.testing.assert_allclose(centres, [x[nearest == i].mean(0) for i in range(4)], atol=1e-5)


def test_no_centre_is_left_without_examples(key):
    """Of a thousand equal rows and three others, k-means++ can draw at most four different centres."""
    x = jnp.concatenate([jnp.zeros((1000, 2)), jnp.array([[5.0, 0], [0, 5.0], [5.0, 5.0]])])
    centres = kmeans(key, x, 4, 10)
    assert {tuple(each) for each in np.asarray(centres).tolist()} == {(0, 0), (5, 0), (0, 5), (5, 5)}


def step(units=4, examples=40, model=None, **options):
    run = Run(Recipe("rbf", "blobs", trainer="radial_basis"), 1, 1, data_parallel())
    trainer = radial_basis(model or rbf(1, units=units), task_for("regression", outputs=1), run, **options)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(examples, 2)), jnp.float32)
    batch = {"x": x, "y": x[:, 0]}
    return jax.jit(lambda key: trainer.step(trainer.init(key, batch), batch, key)[0])(jax.random.key(0))


def test_the_width_of_a_unit_is_the_mean_distance_of_its_nearest_centres():
    hidden = step(neighbours=2, spread=3.0)["params"]["hidden"]
    distances = np.linalg.norm(hidden["centres"][:, None] - hidden["centres"], axis=-1)
    np.testing.assert_allclose(hidden["width"], 3 * np.sort(distances, axis=1)[:, 1:3].mean(1), rtol=1e-4)
    shared = step(neighbours=2, spread=3.0, shared=True)["params"]["hidden"]["width"]
    np.testing.assert_allclose(shared, np.mean(hidden["width"]), rtol=1e-4)


def test_rows_in_parts_give_the_network_of_all_rows_at_once(monkeypatch):
    whole = step(neighbours=2)["params"]
    monkeypatch.setattr(least_squares, "_ROWS", 7)
    parts = step(neighbours=2)["params"]
    np.testing.assert_allclose(parts["hidden"]["centres"], whole["hidden"]["centres"], atol=1e-5)
    np.testing.assert_allclose(parts["head"]["w"], whole["head"]["w"], atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 41}, "--m.units 41: expected 2 to 40"),
        ({"model": elm(1, hidden=3)}, "trains the model rbf"),
    ],
)
def test_what_cannot_be_placed_is_refused(options, message):
    with pytest.raises(BadInput, match=message):
        step(**options)
