"""The measures of the benchmark of Hopfield networks, on small ones."""

import pytest

from benchmarks.hopfield import capacity, largest_rise, modern_overlap

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_few_patterns_are_recalled_and_far_too_many_are_not():
    assert capacity(100, 0.03, 2, flip=0.1)[0] > 0.99
    assert capacity(100, 0.5, 2)[0] < 0.6


def test_no_update_increases_the_energy_and_some_decrease_it():
    rise, changed = largest_rise(2000, size=40, starts=10)
    assert rise <= 0
    assert changed > 100


def test_the_modern_form_recalls_more_patterns_than_entries():
    assert modern_overlap(60, 120) > 0.99
