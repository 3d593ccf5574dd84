"""The memory of a line of delays is its length, and that of any network below its number of units."""

import numpy as np

from zoo.train.metrics.memory import delay_capacity


def test_a_line_of_delays_remembers_as_many_inputs_as_it_has_units():
    inputs = np.random.default_rng(0).uniform(-1, 1, 4000)
    line = np.stack([np.roll(inputs, lag) for lag in range(6)], axis=1)  # the last input and five before it
    shares = delay_capacity(line @ np.random.default_rng(1).normal(size=(6, 6)), inputs, 12)
    np.testing.assert_allclose(shares[:5], 1, atol=1e-3)
    assert (shares[5:] < 0.01).all()
    assert shares.sum() < 6


def test_more_units_than_inputs_to_fit_find_no_memory_in_noise():
    rng = np.random.default_rng(0)
    assert delay_capacity(rng.normal(size=(600, 100)), rng.uniform(-1, 1, 600), 20).max() < 0.1
