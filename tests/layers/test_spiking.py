"""The leaky integrate-and-fire cell against a loop over steps and units in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dense, lif_cell, scan, serial

pytestmark = pytest.mark.usefixtures("quick_compiler")


def looped(currents, membrane, threshold, reset, refractory):
    """Spikes and potentials (time, units) of currents (time, units), one unit and one step after another."""
    spikes, potentials = np.zeros(currents.shape), np.zeros(currents.shape)
    for unit in range(currents.shape[1]):
        v, silent_until = reset, 0
        for t in range(len(currents)):
            if t < silent_until:
                v = reset
            else:
                v += (1 - np.exp(-1 / membrane)) * (currents[t, unit] - v)
                if v >= threshold:
                    spikes[t, unit], v, silent_until = 1, reset, t + 1 + refractory[unit]
            potentials[t, unit] = v
    return spikes, potentials


def test_spikes_and_potentials_are_those_of_a_loop_in_float64():
    rng, refractory = np.random.default_rng(0), [0, 1, 2, 3, 5]
    currents = rng.normal(20, 30, (200, 5))
    spikes, potentials = looped(currents, 30.0, 15.0, 13.5, refractory)
    units = scan(lif_cell(membrane=30.0, threshold=15.0, reset=13.5, refractory=refractory), return_carry=True)
    run = jax.jit(lambda x: units.apply({}, {}, x)[0])
    for steps in (200, 137):
        (v, _), found = run(jnp.asarray(currents[None, :steps], jnp.float32))
        np.testing.assert_array_equal(found[0], spikes[:steps])
        np.testing.assert_allclose(v[0], potentials[steps - 1], rtol=1e-5)
    assert (spikes.sum(0) > 5).all()


def test_no_unit_spikes_in_its_refractory_time_however_large_the_current():
    refractory = np.array([0, 1, 4])
    units = scan(lif_cell(refractory=refractory.tolist()))
    spikes = np.asarray(jax.jit(units.apply)({}, {}, np.full((1, 61, 3), 1e6, np.float32))[0][0])
    for unit, silent in enumerate(refractory):
        np.testing.assert_array_equal(np.diff(np.flatnonzero(spikes[:, unit])), silent + 1)


def test_a_constant_current_below_the_threshold_never_leads_to_a_spike_and_one_above_it_does():
    currents = jnp.broadcast_to(jnp.array([0.99, 1.01]), (1, 300, 2))
    spikes = np.asarray(jax.jit(scan(lif_cell(membrane=20.0)).apply)({}, {}, currents)[0][0])
    times = np.flatnonzero(spikes[:, 1])
    assert not spikes[:, 0].any()
    # v reaches 1 after membrane * log(I / (I - 1)) steps, rounded up: index 92
    assert times[0] == np.ceil(20 * np.log(1.01 / 0.01)) - 1


def test_weights_before_spiking_units_can_be_trained_by_gradient():
    model = serial(dense(8), scan(lif_cell(membrane=2.0)))
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(4, 20, 3)), jnp.float32)
    params = {"0": {"w": jnp.asarray(rng.normal(size=(3, 8)), jnp.float32), "b": jnp.zeros(8)}}

    @jax.jit
    @jax.value_and_grad
    def rate(params):
        return jnp.mean(model.apply(params, {}, x)[0])

    before, slope = rate(params)
    length = np.linalg.norm(slope["0"]["w"])
    after, _ = rate(jax.tree.map(lambda p, g: p + 0.5 * np.asarray(g) / length, params, slope))
    assert after > before > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"membrane": 0.0}, "membrane must be a number > 0"),
        ({"threshold": 0.0}, "threshold must be a number > 0"),
        ({"refractory": -1}, "refractory must be an integer of at least 0"),
        ({"refractory": (1, 2.5)}, "refractory must be an integer of at least 0"),
    ],
)
def test_options_out_of_bounds_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        lif_cell(**options)


def test_refractory_times_of_other_units_are_refused():
    with pytest.raises(ValueError, match="refractory times"):
        scan(lif_cell(refractory=(1, 2))).apply({}, {}, jnp.zeros((1, 5, 3)))
