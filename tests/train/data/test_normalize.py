"""Normalization: ranges, inverse, constant columns."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from zoo.train.data.normalize import Scaler, fit_scaler, on_device, on_host, scaled_targets
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
    assert scaler.shift.dtype == scaler.scale.dtype == np.float64
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


@pytest.mark.parametrize("kind", [np.int64, np.uint64, np.float64])
def test_values_are_shifted_before_they_become_float32(kind):
    x = (1_700_000_000_000 + np.arange(10)[:, None]).astype(kind)
    z = fit_scaler(x, "standard").apply(x)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z[:, 0], (np.arange(10) - 4.5) / np.sqrt(8.25), rtol=1e-6)


@pytest.mark.parametrize("level", [1e9, 2.0**50])
def test_a_column_that_straddles_the_spacing_of_float32_is_scaled_in_float64(level):
    x = level + np.tile([[0.0, 5.0], [2.0, 5.0]], (50, 1))
    said = []
    assert fit_scaler(x, "standard", said.append).apply(x)[:2].tolist() == [[-1, 0], [1, 0]]
    assert said == []


def test_a_column_that_varies_by_the_rounding_of_float64_is_constant_and_named():
    x, said = np.array([[0.3, 0.0], [0.1 + 0.2, 1.0]]), []
    assert np.abs(fit_scaler(x, "standard", said.append).apply(x)[:, 0]).max() < 1e-15
    assert said == [
        "columns that vary only by the rounding of float64 and count as constant, counted from 0: "
        "0 (from 0.29999999999999999 to 0.30000000000000004)"
    ]


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_integers_that_float64_does_not_tell_apart_are_named(kind):
    said = []
    fit_scaler(np.array([[2**62], [2**62 + 1]], kind), "standard", said.append)
    fit_scaler(np.array([[2**62], [2**62 + 1]], kind), "none", said.append)
    assert ["count as constant" in line for line in said] == [True, False]
    assert "vary by less than float32 can hold after --normalize none" in said[1]


def test_a_column_of_rounded_values_stays_near_0_at_any_level():
    x = np.array([[1e306], [np.nextafter(1e306, np.inf)]])
    assert np.abs(fit_scaler(x, "standard").apply(x)).max() <= 1


def test_a_value_that_leaves_float32_is_named():
    scaler = fit_scaler(np.array([[0.0, 1e-290], [1.0, 2e-290]]), "standard")
    with pytest.raises(BadInput, match=r"column 1 \(counted from 0\): 5 lies so far"):
        scaler.apply(np.array([[0.5, 1e-290], [0.5, 5.0]]))


def test_a_range_beyond_float64_is_refused_by_its_ends():
    with pytest.raises(BadInput, match=r"reach from -1e\+308 to 1e\+308 in column 0 .* farther than float64"):
        fit_scaler(np.array([[-1e308], [1e308]]), "standard")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.float16])
def test_narrow_values_are_normalised_alike_in_float32_and_as_a_wider_type(kind, how):
    x = (np.random.default_rng(0).integers(0, 2, (40, 3)) + (120 if kind != np.uint16 else 65534)).astype(kind)
    scaler = fit_scaler(x, how)
    np.testing.assert_allclose(scaler.apply(x), scaler.apply(x.astype(np.float64)), rtol=2e-7, atol=1e-7)


def test_a_column_that_float32_cannot_hold_without_a_shift_is_named():
    said = []
    fit_scaler(np.array([[1e9, 1.0], [1e9 + 20, 2.0]]), "none", said.append)
    assert said == [
        "columns that vary by less than float32 can hold after --normalize none: use --normalize standard, "
        "counted from 0: 0 (from 1000000000 to 1000000020)"
    ]


@pytest.mark.parametrize("unit", [1e-200, 1e-24, 1e22, 1e200])
def test_the_unit_of_a_column_does_not_matter(unit):
    x = np.random.default_rng(5).normal(size=(100, 2))
    for how in HOWS[1:]:
        scaler = fit_scaler(x * unit, how)
        np.testing.assert_allclose(scaler.apply(x * unit), fit_scaler(x, how).apply(x), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(scaler.invert(scaler.apply(x * unit)) / unit, x, rtol=1e-5, atol=1e-6)


def test_a_value_that_leaves_float32_is_refused():
    scaler = fit_scaler(np.array([[0.0], [1e-30]]), "unit")
    with pytest.raises(BadInput, match="exceeds float32"):
        scaler.apply(np.array([[1e10]]))


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float16, np.int32, np.float64])
def test_host_and_device_part_are_the_whole(kind):
    x = np.random.default_rng(6).integers(0, 100, (40, 3)).astype(kind)
    scaler = fit_scaler(x, "standard")
    there = on_host(scaler, x)
    assert there.dtype == (x.dtype if x.dtype.itemsize <= 2 else np.float32)
    np.testing.assert_array_equal(on_device(scaler, jnp.asarray(there)), scaler.apply(x))


def test_classes_and_tokens_beyond_32_bits_are_refused():
    wrong = np.array([0, 2**32])
    for convert in (on_host, scaled_targets):
        with pytest.raises(BadInput, match="classes or tokens reach from 0 to 4294967296, beyond 32 bits"):
            convert(None, wrong)
        assert convert(None, np.array([7])).dtype == np.int32


def test_no_examples_and_unknown_normalizations_raise():
    with pytest.raises(BadInput, match="without examples"):
        fit_scaler(np.zeros((0, 3)), "unit")
    with pytest.raises(BadInput, match="unknown normalization 'unti'"):
        fit_scaler(np.zeros((1, 3)), "unti")  # pyright: ignore
