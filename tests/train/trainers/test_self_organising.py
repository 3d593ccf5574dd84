"""A self-organising map against numpy: both rules, the plane at the start, errors of the map, votes and bounds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import kohonen, mlp
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, least_squares
from zoo.train.trainers.self_organising import principal_plane, self_organising

pytestmark = pytest.mark.usefixtures("quick_compiler")

X = np.random.default_rng(0).normal(size=(30, 3)) * [2, 1, 0.1]
Y = (X[:, 0] > 0).astype(np.int32)
BATCH = {"x": jnp.asarray(X, jnp.float32), "y": jnp.asarray(Y)}


def trainer(steps, model=None, **options):
    run = Run(Recipe("kohonen", "iris", trainer="self_organising"), steps, 1, data_parallel())
    return self_organising(
        model or kohonen(2, rows=3, columns=4), task_for("topographic_map", outputs=2), run, **options
    )


def trained(steps, **options):
    made = trainer(steps, **options)
    fit = jax.jit(made.init)(jax.random.key(0), BATCH)
    fits, step = [fit], jax.jit(made.step)
    for i in range(steps):
        fits.append(step(fits[-1], BATCH, jax.random.key(i))[0])
    return fits


@pytest.mark.parametrize("neighbourhood", ["gaussian", "bubble"])
def test_the_batch_rule_gives_the_weighted_means_of_numpy(neighbourhood):
    fits = trained(3, neighbourhood=neighbourhood, radius=2.0, last_radius=0.5)
    units, distances = (
        np.asarray(fits[0]["params"]["map"]["units"], np.float64),
        kohonen(rows=3, columns=4).grid.distances,
    )
    for radius in (2.0, 1.0, 0.5):
        nearest = np.square(X[:, None] - units).sum(-1).argmin(1)
        pull = np.exp(-0.5 * (distances / radius) ** 2) if neighbourhood == "gaussian" else 1.0 * (distances <= radius)
        weight = pull[:, nearest]  # (units, examples)
        total = weight.sum(1, keepdims=True)
        units = np.where(total > 0, weight @ X / np.where(total > 0, total, 1), units)
    np.testing.assert_allclose(fits[-1]["params"]["map"]["units"], units, atol=1e-4)


def test_the_online_rule_moves_the_nearest_unit_and_its_neighbours_example_by_example():
    fits = trained(2, rule="online", radius=2.0, last_radius=0.5, rate=0.4, last_rate=0.1)
    units, distances = (
        np.asarray(fits[0]["params"]["map"]["units"], np.float64),
        kohonen(rows=3, columns=4).grid.distances,
    )
    for step in range(2):
        order = np.asarray(jax.random.permutation(jax.random.key(step), BATCH["x"]), np.float64)
        for i, x in enumerate(order):
            time = (step + i / len(X)) / 2
            best = np.square(units - x).sum(1).argmin()
            pull = np.exp(-0.5 * (distances[best] / (2.0 * 0.25**time)) ** 2)
            units = units + (0.4 - 0.3 * time) * pull[:, None] * (x - units)
    np.testing.assert_allclose(fits[-1]["params"]["map"]["units"], units, atol=1e-3)


def test_the_units_begin_on_the_plane_of_the_principal_components():
    units = np.asarray(principal_plane(jax.random.key(0), BATCH["x"], (3, 4)), np.float64).reshape(3, 4, 3)
    values, axes = np.linalg.eigh(np.cov(X.T, bias=True))
    along, down = units[0, 3] - units[0, 0], units[2, 0] - units[0, 0]
    np.testing.assert_allclose(np.abs(along), 2 * values[2] ** 0.5 * np.abs(axes[:, 2]), atol=1e-4)
    np.testing.assert_allclose(np.abs(down), 2 * values[1] ** 0.5 * np.abs(axes[:, 1]), atol=1e-4)
    np.testing.assert_allclose(units.mean((0, 1)), X.mean(0), atol=1e-5)


def test_one_feature_and_examples_as_a_start_are_possible():
    one = {"x": BATCH["x"][:, :1], "y": BATCH["y"]}
    assert np.isfinite(jax.jit(trainer(1).init)(jax.random.key(0), one)["params"]["map"]["units"]).all()
    drawn = np.asarray(trained(0, start="examples")[0]["params"]["map"]["units"])
    assert {tuple(row) for row in drawn} <= {tuple(row) for row in np.asarray(BATCH["x"])}


@pytest.mark.parametrize(("hexagonal", "torus"), [(True, False), (False, True), (True, True)])
def test_neighbours_of_hexagons_and_of_a_torus_decide_the_topographic_error_and_the_means(hexagonal, torus):
    """Places by hand: every second row is shifted by half a unit, rows are sqrt(3) / 2 apart, edges are joined."""
    rows, columns = 4, 5
    made = trainer(2, kohonen(2, rows=rows, columns=columns, hexagonal=hexagonal, torus=torus), radius=1.5)
    fit = jax.jit(made.init)(jax.random.key(0), BATCH)
    units = np.asarray(fit["params"]["map"]["units"], np.float64)
    height = 3**0.5 / 2 if hexagonal else 1
    place = np.array([[c + hexagonal * (r % 2) / 2, r * height] for r in range(rows) for c in range(columns)])
    shifts = [
        np.array([i * columns, j * rows * height]) for i in (-1, 0, 1) for j in (-1, 0, 1) if torus or i == j == 0
    ]
    distances = np.min([np.linalg.norm(place[:, None] - place + shift, axis=-1) for shift in shifts], axis=0)
    nearest = np.square(X[:, None] - units).sum(-1).argmin(1)
    weight = np.exp(-0.5 * (distances[:, nearest] / 1.5) ** 2)
    want = weight @ X / weight.sum(1, keepdims=True)
    fit, told = jax.jit(made.step)(fit, BATCH, jax.random.key(0))
    np.testing.assert_allclose(fit["params"]["map"]["units"], want, atol=1e-4)
    first, second = np.square(X[:, None] - want).sum(-1).argsort(1)[:, :2].T
    apart = distances[first, second] > (1.001 if hexagonal else 1.5)
    assert float(told["topographic_error"]) == pytest.approx(apart.mean(), abs=1e-6)


def test_rows_in_parts_give_the_map_of_all_rows_at_once(monkeypatch):
    whole = trained(3)[-1]
    monkeypatch.setattr(least_squares, "_ROWS", 7)
    parts = trained(3)[-1]
    np.testing.assert_allclose(parts["params"]["map"]["units"], whole["params"]["map"]["units"], atol=1e-5)
    np.testing.assert_array_equal(parts["state"]["votes"], whole["state"]["votes"])


def test_no_array_of_a_step_has_an_entry_for_every_example_and_unit():
    n = 50_000
    many = {"x": jax.ShapeDtypeStruct((n, 3), jnp.float32), "y": jax.ShapeDtypeStruct((n,), jnp.int32)}
    for rule in ("batch", "online"):
        made = trainer(2, kohonen(2, rows=10, columns=10), rule=rule)
        fit = jax.eval_shape(made.init, jax.random.key(0), many)
        assert largest(jax.make_jaxpr(made.step)(fit, many, jax.random.key(0)).jaxpr) < 10 * n


def largest(jaxpr):
    """The size of the largest array of a program, inner programs included."""
    sizes = [0]
    for equation in jaxpr.eqns:
        sizes += [getattr(each.aval, "size", 0) for each in equation.outvars]
        for inner in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda each: hasattr(each, "eqns")):
            inner = getattr(inner, "jaxpr", inner)
            sizes += [largest(inner)] if hasattr(inner, "eqns") else []
    return max(sizes)


def test_errors_of_the_map_and_votes_are_those_of_numpy():
    made = trainer(2)
    fit, told = jax.jit(made.step)(trained(1)[-1], BATCH, jax.random.key(0))
    sums = jax.jit(made.evaluate)(fit, BATCH | {"weight": jnp.ones(30).at[25:].set(0)}, jax.random.key(0))
    means = sums_to_means(sums)
    units = np.asarray(fit["params"]["map"]["units"], np.float64)
    distances = np.linalg.norm(X[:, None] - units, axis=-1)
    order = distances.argsort(1)
    assert means["quantisation_error"] == pytest.approx(distances.min(1)[:25].mean(), rel=1e-4)
    assert float(told["quantisation_error"]) == pytest.approx(distances.min(1).mean(), rel=1e-4)
    apart = np.abs(np.stack(np.divmod(order[:, 0], 4)) - np.stack(np.divmod(order[:, 1], 4))).max(0) > 1
    assert float(told["topographic_error"]) == pytest.approx(apart.mean())
    assert means["topographic_error"] == pytest.approx(apart[:25].mean())
    votes = np.zeros((12, 2))
    np.add.at(votes, (order[:, 0], Y), 1)
    np.testing.assert_array_equal(fit["state"]["votes"], votes)
    assert means["accuracy"] == pytest.approx((votes.argmax(1)[order[:, 0]] == Y)[:25].mean())
    found = made.finish(means)
    assert {"quantisation_error", "topographic_error", "accuracy", "purity", "ari", "inertia"} <= set(found)


def sums_to_means(sums):
    return {name: total if weight is None else np.divide(total, weight) for name, (total, weight) in sums.items()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": 0.2}, "--t.radius 0.2 must be at least"),
        ({"rate": 2.0}, "--t.rate 2, at most 1"),
        ({"last_radius": 0.0}, "above 0"),
        ({"model": mlp(2)}, "needs a model on a grid"),
    ],
)
def test_options_out_of_bounds_are_refused(options, message):
    with pytest.raises(BadInput, match=message):
        trainer(2, **options)
