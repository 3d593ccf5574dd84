"""Batches in which one factor varies: their sets, the gradient of clamped latents, and R2 against numpy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import dcign
from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import Recipe
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.trainers._factors import factor_scores, products, sets_of
from zoo.train.trainers.factorised import _cost

pytestmark = pytest.mark.usefixtures("quick_compiler")

RECIPE = Recipe("dcign", "shape_factors", trainer="factorised", task="density", normalize="unit")
GRID = np.stack(np.meshgrid(*map(np.arange, (3, 4, 2)), indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)


def test_examples_of_a_set_differ_in_one_factor_alone():
    shuffled = np.random.default_rng(0).permutation(GRID)
    rows, counts = sets_of(shuffled, [(0,), (1, 2)], 4)
    assert counts.tolist() == [8, 3]
    for factor, others in ((0, [1, 2]), (1, [0])):
        for chosen in rows[factor, : counts[factor]]:
            assert len(np.unique(shuffled[chosen][:, others], axis=0)) == 1
            assert len(np.unique(shuffled[chosen], axis=0)) == min(4, (3, 8)[factor])


def test_data_without_such_sets_are_refused():
    with pytest.raises(BadInput, match="differ in factor 2 alone"):
        sets_of(GRID[::2], [(0,), (2,)], 2)


@pytest.fixture(scope="module")
def parts():
    model = dcign((4, 4, 1), latent=4, factors=2, filters=(3,), hidden=(5,))
    x = jnp.asarray(np.random.default_rng(1).uniform(size=(6, 4, 4, 1)), jnp.float32)
    params, state = model.init(jax.random.key(0), x)
    return model, params, state, x


def test_latents_of_other_factors_receive_their_difference_from_the_mean_in_place_of_the_gradient(parts):
    model, params, state, x = parts
    active = jnp.array([True, True, False, False])

    def cost(params, invariance):
        return _cost(model, state, x, active, 3, (0.0, invariance), params, jax.random.key(2))[0]

    moved = {weight: jax.jit(jax.grad(cost))(params, weight) for weight in (0.0, 4.0)}
    # The columns of the last layer of the encoder: means of four latents, then logarithms of their variances.
    plain, drawn = (moved[weight]["encoder"]["out"]["b"] for weight in (0.0, 4.0))
    assert np.all(np.asarray(plain)[[2, 3, 6, 7]] == 0)
    assert np.all(np.asarray(plain)[[0, 1, 4, 5]] != 0)
    means = np.asarray(model.encode(params, state, x)[0], np.float64).reshape(2, 3, 4)
    differences = (means - means.mean(axis=1, keepdims=True)).reshape(6, 4)
    wanted = jax.jit(
        jax.grad(lambda p: jnp.sum(model.encode(p, state, x)[0] * jnp.float32(4 * differences / 6 * [0, 0, 1, 1])))
    )(params)["encoder"]["out"]["w"]
    found = moved[4.0]["encoder"]["out"]["w"] - moved[0.0]["encoder"]["out"]["w"]
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    np.testing.assert_allclose(drawn[:2], plain[:2], atol=1e-6)


def test_the_decoder_reads_the_mean_of_the_set_for_latents_of_other_factors(parts):
    model, params, state, x = parts
    none = jnp.zeros(4, bool)
    found = _cost(model, state, x, none, 3, (0.0, 0.0), params, jax.random.key(2))[0]
    means = np.asarray(model.encode(params, state, x)[0]).reshape(2, 3, 4).mean(axis=1)
    z = jnp.asarray(np.repeat(means, 3, axis=0))
    assert float(found) == pytest.approx(-float(np.mean(np.asarray(model.seen(params, state, z, x)))), rel=1e-5)


def test_scores_are_the_r2_of_a_linear_regression_of_drawn_latents_in_numpy():
    rng = np.random.default_rng(0)
    mean, deviation = rng.normal(size=(4000, 3)), np.array([0.5, 0.1, 1.0])
    y = np.stack([2 * mean[:, 0] + 0.3 * rng.normal(size=4000), mean[:, 1] - mean[:, 2] + mean[:, 0]], axis=1)
    each = products(jnp.float32(mean), jnp.float32(np.tile(2 * np.log(deviation), (4000, 1))), jnp.float32(y))
    own, other = factor_scores(np.mean(np.asarray(each, np.float64), axis=0), [(0,), (1, 2)], [(0,), (1,)])
    z = mean + deviation * rng.normal(size=mean.shape)

    def r2(columns, target):
        design = np.concatenate([np.ones((4000, 1)), z[:, columns]], axis=1)
        rest = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
        return 1 - rest.var() / target.var()

    np.testing.assert_allclose(own, [r2([0], y[:, 0]), r2([1, 2], y[:, 1])], atol=0.02)
    np.testing.assert_allclose(other, [r2([1, 2], y[:, 0]), r2([0], y[:, 1])], atol=0.02)
    assert own[0] < 0.85, "0.97 of the means"


def test_latents_that_vary_less_than_float32_resolves_explain_nothing():
    moments = [[1, 3, 16], [3, 9 + 1e-8, 48 + 1e-3], [16, 48 + 1e-3, 264]]  # rounded, a share of 12.5 is explained
    assert factor_scores(moments, [(0,)], [(0,)]) == ([0], [0])


def test_latents_that_do_not_vary_explain_nothing():
    rows = np.concatenate([np.ones((50, 1)), np.full((50, 2), 3.0), np.random.default_rng(0).normal(size=(50, 2))], 1)
    own, _ = factor_scores(rows.T @ rows / 50, [(0,), (1,)], [(0,), (1,)])
    np.testing.assert_allclose(own, 0, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "targets", "words"),
    [
        ({"columns": (1, 1, 1)}, GRID, r"--m\.factors gives dcign latents of 2 factors, --t\.columns names 3"),
        ({"columns": (1, 1)}, GRID, "are 2 columns of numbers; the targets of shape_factors have 3"),
        ({"columns": (1, 2), "sets": (1, 1, 1)}, GRID, r"--t\.sets 1,1,1: expected a number for each of 2 factors"),
        ({}, GRID[:, 0].astype(int), "needs the factors of its images as targets"),
    ],
)
def test_factors_that_do_not_fit_are_refused(parts, options, targets, words):
    facts = Run(replace(RECIPE, t=options), steps=3, steps_per_epoch=1, sharding=None, targets=targets)
    with pytest.raises(BadInput, match=words):
        make(parts[0], task_for("density"), facts)


def test_a_run_scores_every_factor_and_draws_what_its_latents_change(tmp_path):
    small = {"filters": (2, 2), "hidden": (4,)}
    recipe = replace(recipe_for("dcign"), m=small, d={"sets": 3}, epochs=2)
    result = run(recipe, RunOptions(out=tmp_path, quiet=True))
    own, others = result.scores["factors"]["own"], result.scores["factors"]["others"]
    assert result.scores["factors"]["names"] == ["row", "column", "angle", "light", "bar/hook/tee"]
    assert min(own) == pytest.approx(result.metrics["own_r2"], abs=1e-3)
    assert max(others) == pytest.approx(result.metrics["other_r2"], abs=1e-3)
    assert {"factors.png", "traversals.png"} <= {path.name for path in (tmp_path / "plots").iterdir()}
