"""The gradient by time lag: known values, and the order of the recurrent models that textbooks give."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import stateless
from zoo.train.plots.lags import gradient_by_lag, lags, untrained_lags

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_a_weight_that_halves_at_every_step_gives_halving_norms():
    decay = 0.5 ** jnp.arange(5)[::-1]
    model = stateless(lambda key, x: {}, lambda params, x: jnp.einsum("btf,t->bf", x, decay))
    norms = gradient_by_lag(model, {}, {}, jnp.ones((3, 5, 1)))
    np.testing.assert_allclose(norms, [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16])


def test_the_norm_is_taken_over_the_features():
    model = stateless(lambda key, x: {}, lambda params, x: x[:, -1] @ jnp.array([[3.0], [4.0]]))
    np.testing.assert_allclose(gradient_by_lag(model, {}, {}, jnp.ones((2, 3, 2))), [5, 0, 0])


def test_inputs_without_a_time_axis_are_refused():
    with pytest.raises(ValueError, match=r"expected inputs \(batch, time, features\), got shape \(2, 3\)"):
        gradient_by_lag(stateless(lambda key, x: {}, lambda params, x: x), {}, {}, jnp.ones((2, 3)))


def test_the_gradient_vanishes_in_the_plain_network_and_less_in_the_lstm(tmp_path):
    norms = untrained_lags(("rnn", "lstm"), steps=60, width=16)
    relative = {name: each[50] / each.max() for name, each in norms.items()}
    assert relative["rnn"] < 1e-3
    assert relative["lstm"] > 10 * relative["rnn"]
    lags(norms, tmp_path / "lags.png")
    assert (tmp_path / "lags.png").read_bytes()[:4] == b"\x89PNG"


def test_a_zero_gradient_still_makes_a_plot(tmp_path):
    lags({"rnn": np.zeros(4)}, tmp_path / "lags.png")
    assert (tmp_path / "lags.png").stat().st_size > 1000


def test_the_seed_decides_the_norms():
    one, same, other = (untrained_lags(("gru",), steps=8, width=4, seed=seed)["gru"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert np.any(one != other)
    assert jax.numpy.isfinite(one).all()
