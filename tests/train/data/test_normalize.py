"""Normalization: ranges, inverse, constant columns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from zoo.train.data.normalize import Scaler, fit_scaler
from zoo.train.errors import BadInput

HOWS = ["none", "unit", "symmetric", "standard"]
RANGES = {"unit": (0, 1), "symmetric": (-1, 1)}
numbers = st.floats(-1e6, 1e6, width=32)
tables = arrays(np.float32, array_shapes(min_dims=2, max_dims=4, max_side=6), elements=numbers)


@settings(deadline=None)
@given(tables, st.sampled_from(HOWS))
def test_the_inverse_restores_the_values(x, how):
    scaler = fit_scaler(x, how)
    back = scaler.invert(scaler.apply(x))
    assert np.abs(back - x).max() <= 1e-6 * max(np.abs(x).max(), 1e-30)


@settings(deadline=None)
@given(tables, st.sampled_from(HOWS))
def test_scalers_and_normalized_values_are_finite(x, how):
    scaler = fit_scaler(x, how)
    assert scaler.shift.shape == scaler.scale.shape == x.shape[-1:]
    assert scaler.shift.dtype == scaler.scale.dtype == np.float32
    assert np.isfinite(scaler.shift).all()
    assert (scaler.scale > 0).all()
    assert np.isfinite(scaler.apply(x)).all()


@settings(deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=4, max_side=6)), st.sampled_from(sorted(RANGES)))
def test_the_fitted_column_fills_its_range(x, how):
    low, high = RANGES[how]
    z = fit_scaler(x, how).apply(x).reshape(-1, x.shape[-1])
    constant = (x.reshape(z.shape) == x.reshape(z.shape)[0]).all(0)
    assert np.allclose(z.min(0)[~constant], low, atol=1e-6)
    assert np.allclose(z.max(0)[~constant], high, atol=1e-6)
    assert (z[:, constant] == 0).all()


def test_standard_gives_mean_0_and_deviation_1_over_all_axes_but_the_last():
    x = np.random.default_rng(0).normal([3, -700], [0.01, 50], (9000, 2, 2)).astype(np.float32)
    z = fit_scaler(x, "standard").apply(x).astype(np.float64)
    assert np.allclose(z.mean((0, 1)), 0, atol=1e-4)
    assert np.allclose(z.std((0, 1)), 1, rtol=1e-5)


def test_a_constant_column_becomes_0():
    x = np.full((1000, 1), 0.1)  # the sum of these is rounded, so their deviation is not quite 0
    for how in HOWS[1:]:
        scaler = fit_scaler(x, how)
        assert (scaler.apply(x) == 0).all()
        assert scaler.scale == 1


def test_a_nearly_constant_column_stays_finite():
    x = np.array([[0], [1e-44]], np.float32)
    for how in HOWS:
        assert np.isfinite(fit_scaler(x, how).apply(x)).all()


def test_a_fitted_scaler_applies_to_other_examples():
    scaler = fit_scaler(np.array([[0.0], [10.0]], np.float32), "unit")
    assert scaler.apply(np.array([[-10.0], [25.0]])).tolist() == [[-1.0], [2.5]]


def test_none_only_converts_to_float():
    scaler = fit_scaler(np.array([[3], [200]], np.uint8), "none")
    z = scaler.apply(np.array([[7]], np.uint8))
    assert z.dtype == np.float32
    assert z.tolist() == [[7.0]]


def test_jax_arrays_are_normalized_as_numpy_arrays_under_jit_and_as_a_pytree():
    x = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    scaler = fit_scaler(x, "standard")
    on_device = Scaler(*map(jnp.asarray, scaler))
    z = jax.jit(lambda scaler, x: scaler.apply(x))(on_device, jnp.asarray(x))
    assert z.dtype == jnp.float32
    assert np.allclose(z, scaler.apply(x), atol=1e-6)
    assert np.allclose(on_device.invert(z), x, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_raise_with_their_column(bad):
    x = np.zeros((4, 3), np.float32)
    x[2, 1] = bad
    with pytest.raises(BadInput, match=r"not finite in column 1 \(counted from 0\)"):
        fit_scaler(x, "standard")


def test_no_examples_and_unknown_normalizations_raise():
    with pytest.raises(BadInput, match="without examples"):
        fit_scaler(np.zeros((0, 3)), "unit")
    with pytest.raises(BadInput, match="unknown normalization 'unti'"):
        fit_scaler(np.zeros((1, 3)), "unti")  # pyright: ignore
