from typing import get_args

import jax
import numpy as np
import pytest

from zoo.train.config.recipe import Recipe, Schedule
from zoo.train.trainers.schedules import SCHEDULES, make_schedule


def rates(total=100, per_epoch=10, updates=None, **options):
    schedule = make_schedule(Recipe("mlp", "iris", lr=0.1, **options), total, per_epoch)
    return np.array([float(schedule(t)) for t in range(updates or total)])


def test_schedules_are_those_that_recipes_name():
    assert set(SCHEDULES) == set(get_args(Schedule))


@pytest.mark.parametrize("sched", ["constant", "plateau"])
def test_constant_and_plateau_keep_the_rate(sched):
    np.testing.assert_allclose(rates(sched=sched), 0.1)


def test_step_multiplies_by_decay_every_so_many_epochs():
    expected = np.repeat([0.1, 0.05, 0.025, 0.0125, 0.00625], 20)
    np.testing.assert_allclose(rates(sched="step", step_epochs=2, decay=0.5), expected, rtol=1e-5)


def test_exponential_passes_through_the_same_points_smoothly():
    got = rates(sched="exponential", step_epochs=2, decay=0.5)
    np.testing.assert_allclose(got, 0.1 * 0.5 ** (np.arange(100) / 20), rtol=1e-5)


def test_cosine_falls_from_the_rate_to_zero():
    got = rates(sched="cosine", updates=101)
    np.testing.assert_allclose(got, 0.05 * (1 + np.cos(np.pi * np.arange(101) / 100)), atol=1e-7)


def test_warm_up_is_linear_starts_above_zero_and_ends_where_the_schedule_begins():
    got = rates(sched="cosine", warmup_epochs=2)
    np.testing.assert_allclose(got[:21], 0.1 * np.arange(1, 22) / 21, rtol=1e-5)
    np.testing.assert_allclose(got[20:], 0.05 * (1 + np.cos(np.pi * np.arange(80) / 80)), atol=1e-7)


def one_cycle_of_pytorch(total, peak, share=0.3):
    """OneCycleLR(max_lr=peak, total_steps=total, pct_start=share), by its source in torch 2."""
    low, top, last = peak / 25, share * total - 1, total - 1

    def between(start, end, done):
        return end + (start - end) / 2 * (1 + np.cos(np.pi * done))

    return [
        between(low, peak, t / top) if t <= top else between(peak, low / 1e4, (t - top) / (last - top))
        for t in range(total)
    ]


@pytest.mark.parametrize("total", [100, 50, 47, 5])
def test_onecycle_has_the_rates_of_pytorch_from_a_25th_over_the_peak_to_its_minimum(total):
    got = rates(total, sched="onecycle")
    np.testing.assert_allclose(got, one_cycle_of_pytorch(total, 0.1), rtol=1e-4, atol=1e-8)
    assert got[0] == pytest.approx(0.1 / 25)
    assert got[-1] == pytest.approx(0.1 / 25 * 1e-4, rel=1e-3)


def test_the_last_update_of_the_rise_has_the_peak_of_onecycle():
    got, given = rates(sched="onecycle"), rates(sched="onecycle", warmup_epochs=2)
    assert (got.argmax(), got.max()) == (29, pytest.approx(0.1))
    assert np.all(np.diff(got[:30]) > 0)
    assert np.all(np.diff(got[29:]) < 0)
    np.testing.assert_allclose(given, one_cycle_of_pytorch(100, 0.1, 0.2), rtol=1e-4, atol=1e-8)


def test_accumulation_makes_the_clock_count_updates():
    kept = {"sched": "cosine", "warmup_epochs": 2}
    np.testing.assert_allclose(rates(accumulate=2, updates=50, **kept), rates(total=50, per_epoch=5, **kept), rtol=1e-6)


@pytest.mark.parametrize("sched", get_args(Schedule))
@pytest.mark.parametrize("total", [1, 2, 3])
def test_the_shortest_runs_have_finite_rates_above_zero(sched, total):
    for warmup in (0, 1):
        got = rates(total, 1, sched=sched, warmup_epochs=warmup)
        assert np.all(np.isfinite(got) & (got > 0))


def test_schedules_run_inside_jit():
    recipe = Recipe("mlp", "iris", lr=0.1, sched="onecycle")
    schedule = make_schedule(recipe, 100, 10)
    np.testing.assert_allclose(jax.jit(schedule)(29), 0.1, rtol=1e-6)


def test_step_at_decays_at_the_epochs_that_are_named():
    got = rates(sched="step", step_at=(2, 5, 5.5), decay=0.1)
    np.testing.assert_allclose(got, np.repeat([0.1, 0.01, 1e-3, 1e-4], [20, 30, 5, 45]), rtol=1e-5)
    warm = rates(sched="step", step_at=(0.5, 5), decay=0.1, warmup_epochs=1)
    np.testing.assert_allclose(warm[10:], np.repeat([0.01, 1e-3], [40, 50]), rtol=1e-5)  # the first is in the warmup
