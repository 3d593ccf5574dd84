"""The reservoir equals one of numpy step by step, its spectral radius that of all eigenvalues, and its memory fades."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import esn
from zoo._leaky_units import spectral_radius
from zoo.layers import Sequence

pytestmark = pytest.mark.usefixtures("quick_compiler")


def matrix(params, state, units):
    """The connections as a dense matrix."""
    w, sources = np.asarray(params["w"], np.float64), np.asarray(state["sources"])
    full = np.zeros((units, units))
    np.add.at(full, (np.repeat(np.arange(units), w.shape[1]), sources.ravel()), w.ravel())
    return full


X = np.random.default_rng(0).normal(size=(2, 20, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def made():
    model = esn(1, each=True, units=30, degree=4, leak=0.3, radius=0.5)
    return model, *jax.jit(model.init)(jax.random.key(0), X)


def by_numpy(params, state, x, leak):
    """States (batch, time, units) in float64."""
    parts = {name: np.asarray(each, np.float64) for name, each in params["reservoir"].items()}
    full, h, found = matrix(params["reservoir"], state["reservoir"], len(parts["b"])), 0.0, []
    h = np.zeros((len(x), len(parts["b"])))
    for t in range(x.shape[1]):
        h = (1 - leak) * h + leak * np.tanh(h @ full.T + x[:, t].astype(np.float64) @ parts["w_in"] + parts["b"])
        found.append(h)
    return np.stack(found, axis=1)


def test_states_equal_those_of_numpy_step_by_step(made):
    model, params, state = made
    rows = jax.jit(model.features)(params, state, X)
    np.testing.assert_allclose(rows[..., :30], by_numpy(params, state, X, 0.3), atol=2e-6)
    np.testing.assert_array_equal(rows[..., 30:], X)


def test_the_spectral_radius_is_that_of_all_eigenvalues():
    init = jax.jit(esn(1, each=True, units=60, degree=5, radius=0.7).init)
    for seed in range(5):
        params, state = init(jax.random.key(seed), X)
        values = np.linalg.eigvals(matrix(params["reservoir"], state["reservoir"], 60))
        assert np.abs(values).max() == pytest.approx(0.7, rel=1e-3)


@pytest.mark.parametrize(
    "values", [[[0.0, -3.0], [3.0, 0.0]], [[-2.0, 0.0], [0.0, 2.0]], [[1.0, 5.0], [0.0, 1.0]], [[0.5]]]
)
def test_the_radius_of_complex_opposite_and_defective_eigenvalues_is_found(values):
    full = jnp.array(values)
    found = spectral_radius(lambda columns: full @ columns, jax.random.normal(jax.random.key(1), (len(values), 16)))
    assert float(found) == pytest.approx(np.abs(np.linalg.eigvals(np.array(values))).max(), rel=1e-4)


def test_the_memory_of_two_starts_fades(made):
    model, params, state = made
    x = np.random.default_rng(1).normal(size=(1, 90, 1)).astype(np.float32)
    run = jax.jit(lambda start: model.features(params, state, Sequence(x, carry=start))[0, :, :30])
    apart = np.linalg.norm(run(jnp.ones((1, 30))) - run(-jnp.ones((1, 30))), axis=-1)
    assert apart[0] > 1
    assert apart[-1] < 1e-4


def test_free_running_equals_a_loop_that_feeds_each_forecast_back(made):
    model, params, state = made
    at_once = jax.jit(lambda rows: model.generate(params, state, rows, 6))(model.features(params, state, X)[:, -1])
    longer, forecast = np.pad(X, ((0, 0), (0, 6), (0, 0))), jax.jit(model.apply)
    for t in range(20, 26):  # later values change no forecast
        longer[:, t] = forecast(params, state, longer)[0][:, t - 1]
    np.testing.assert_allclose(at_once, longer[:, 20:], atol=1e-5)


def test_one_step_forecasts_feed_nothing_back(made):
    """A later value changes no forecast before it, and no forecast is an input of the reservoir."""
    model, params, state = made
    other = X.copy()
    other[:, 10:] += 1
    run = jax.jit(model.apply)
    np.testing.assert_array_equal(*(run(params, state, each)[0][:, :10] for each in (X, other)))
    biased = params | {"head": params["head"] | {"b": params["head"]["b"] + 9}}
    first, second = (run(each, state, X)[0] for each in (params, biased))
    np.testing.assert_allclose(second - first, 9, rtol=1e-5)


@pytest.mark.parametrize("read", ["mean", "last"])
def test_a_classifier_reads_images_row_by_row_and_padding_does_not_count(key, read):
    images = jax.random.normal(key, (3, 5, 4, 1))
    model = esn(2, units=12, degree=3, read=read)
    params, state = jax.jit(model.init)(key, images)
    rows = images[..., 0]
    np.testing.assert_allclose(model.apply(params, state, images)[0], model.apply(params, state, rows)[0], rtol=1e-6)
    cut = Sequence(rows.at[:, 3:].set(99.0), lengths=jnp.array([3, 3, 3]))
    want = model.features(params, state, rows[:, :3])
    np.testing.assert_allclose(model.features(params, state, cut), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"leak": 0.0}, "leak must be above 0"), ({"leak": 1.5}, "at most 1"), ({"units": 0}, "units"),
     ({"radius": -1.0}, "radius"), ({"read": "first"}, "read")],
)  # fmt: skip
def test_reservoirs_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        esn(1, **options)
