"""The series to forecast: Mackey-Glass against its exact solution and another method, sines against their rule."""

import subprocess
import sys

import numpy as np
import pytest

from zoo.train.data.dataset import Place, load_data, source
from zoo.train.data.sources.series import integrated
from zoo.train.errors import BadInput

SERIES = ["sine", "mackey_glass"]


def joined(data):
    """The whole series again: the first windows' values, and each later one's last."""
    targets = [np.append(part.y[0], part.y[1:, -1]) for part in (data.train, data.test)]
    return np.concatenate([data.train.x[0, :, 0], *targets])


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("day,price\n" + "\n".join(f"{i},{i + 0.5}" for i in range(60)))
    return str(path)


def test_mackey_glass_equals_its_exact_solution_while_the_delayed_value_is_constant():
    tau = 17
    drive = 0.2 * 1.2 / (1 + 1.2**10)
    t = np.arange(tau + 1)
    exact = drive / 0.1 + (1.2 - drive / 0.1) * np.exp(-0.1 * t)
    np.testing.assert_allclose(integrated(tau, tau + 1), exact, rtol=0, atol=1e-9)


def test_mackey_glass_agrees_with_another_method_in_small_steps():
    parts, tau = 400, 17
    x = [1.2] * (tau * parts + 1)
    for _ in range(60 * parts):  # Heun's
        slope = 0.2 * x[-1 - tau * parts] / (1 + x[-1 - tau * parts] ** 10) - 0.1 * x[-1]
        ahead = 0.2 * x[-tau * parts] / (1 + x[-tau * parts] ** 10) - 0.1 * (x[-1] + slope / parts)
        x.append(x[-1] + (slope + ahead) / 2 / parts)
    np.testing.assert_allclose(integrated(tau, 61), x[tau * parts :: parts], rtol=0, atol=2e-6)


def test_the_method_has_order_four():
    fine = integrated(17, 60, parts=80)
    coarse, half = (np.abs(integrated(17, 60, parts=parts) - fine).max() for parts in (5, 10))
    assert 11 < coarse / half < 22


def test_mackey_glass_has_its_known_range():
    values = joined(load_data("mackey_glass"))
    assert len(values) > 2900
    assert values.min() == pytest.approx(0.42, abs=0.02)
    assert values.max() == pytest.approx(1.31, abs=0.02)
    assert values.mean() == pytest.approx(0.93, abs=0.01)


def test_without_noise_six_values_determine_the_next_of_three_sines():
    data = load_data("sine", Place(), {"noise": 0.0, "window": 6, "horizon": 1})
    rule = np.poly(np.exp(2j * np.pi * np.array([[1], [-1]]) / np.array([47, 18.1, 7.3])).ravel()).real
    predicted = data.test.x[..., 0].astype(float) @ -rule[:0:-1]
    np.testing.assert_allclose(predicted, data.test.y[:, 0], atol=1e-5)


def test_the_noise_of_a_sine_has_its_standard_deviation_and_the_signal_1():
    calm, noisy = (joined(load_data("sine", Place(), {"noise": noise})) for noise in (0.0, 0.3))
    assert calm.std() == pytest.approx(1, abs=0.02)
    assert (noisy - calm).std() == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("name", SERIES)
def test_options_have_their_effect(name):
    options = {"noise": 0.2, "steps": 400, "window": 20, "horizon": 5}
    data, same, other = (load_data(name, Place(), options | {"seed": seed}) for seed in (0, 0, 1))
    assert data.train.x.shape == (320 - 24, 20, 1)
    assert data.test.y.shape == (80 - 4, 5)
    assert (data.outputs, data.task, source(name).kind) == (5, "regression", "series")
    assert np.array_equal(data.train.x, same.train.x)
    assert not np.array_equal(data.train.x, other.train.x)


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": -1.0}, r"noise of \w+ must be a .*number from 0"),
        ({"noise": float("nan")}, r"noise of \w+ must be a .*number from 0"),
        ({"steps": 0}, r"steps of \w+ must be a .*number from 1"),
        ({"steps": 50}, "has 50 values"),
        ({"window": 0}, r"window of \w+ must be a .*number from 1"),
        ({"horizon": 0}, r"horizon of \w+ must be a .*number from 1"),
        ({"seed": -1}, r"seed of \w+ must be a .*number from 0"),
    ],
)
def test_a_value_out_of_bounds_raises(name, options, message):
    with pytest.raises(BadInput, match=message):
        load_data(name, Place(), options)


def test_a_delay_of_0_raises():
    with pytest.raises(BadInput, match="tau of mackey_glass must be a whole number from 1"):
        load_data("mackey_glass", Place(), {"tau": 0})


def test_a_column_of_a_file_is_read(prices):
    data = load_data("csv", Place(), {"file": prices, "column": "price", "window": 4, "horizon": 3})
    assert data.train.x[0, :, 0].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert data.test.y[-1].tolist() == [57.5, 58.5, 59.5]
    assert (data.target, data.features, data.outputs) == ("price", ("price",), 3)


def test_a_file_that_is_too_short_raises_with_its_column(prices):
    with pytest.raises(BadInput, match=r"prices.csv, column 'price' has 60 values, and a window of 70 .* at least 96"):
        load_data("csv", Place(), {"file": prices, "column": "price", "window": 70})


def test_a_missing_file_option_raises():
    with pytest.raises(BadInput, match=r"--d\.file"):
        load_data("csv")


def test_loading_a_series_needs_no_jax():
    code = "import sys; from zoo.train.data.dataset import load_data; load_data('sine'); print('jax' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_a_whole_series_is_one_sequence_whose_test_split_continues_it(prices):
    data = load_data("csv", Place(), {"file": prices, "column": "price", "whole": True, "horizon": 3})
    assert (data.task, data.outputs, data.train.x.shape, data.test.x.shape) == ("forecast", 3, (1, 48, 1), (1, 12, 1))
    assert np.concatenate([data.train.x, data.test.x], axis=1).ravel().tolist() == [i + 0.5 for i in range(60)]
    assert np.array_equal(data.train.y, data.train.x[:, 1:])
    with pytest.raises(BadInput, match="60 values, and a horizon of 12 needs at least 65"):
        load_data("csv", Place(), {"file": prices, "column": "price", "whole": True, "horizon": 12})
    with pytest.raises(BadInput, match=r"leave --d\.whole or --d\.relative"):
        load_data("csv", Place(), {"file": prices, "column": "price", "whole": True, "relative": True})
