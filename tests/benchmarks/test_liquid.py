"""Liquids separate inputs the more, the more these differ, and forget what was before."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.liquid import input_distance, memory, separation
from zoo.train.files import PICTURE_MARK
from zoo.train.plots.spikes import curves, raster

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_the_distance_of_inputs_is_that_of_their_filtered_spikes():
    u = np.zeros((1, 200, 1))
    v = u.copy()
    v[0, 100] = 1
    assert input_distance(u, u) == 0
    # the integral of exp(-2 (t / 5)^2) is 5 sqrt(pi / 2)
    assert input_distance(u, v) == pytest.approx(np.sqrt(5 * np.sqrt(np.pi / 2) / 200), rel=1e-3)


@pytest.mark.expensive
def test_states_are_the_farther_apart_the_more_inputs_differ():
    apart = separation(2, 20, noises=(0, 1, 4, 16))
    means = [values.mean() for values in apart.values()]
    assert means[0] == 0
    assert all(nearer < farther for nearer, farther in pairwise(means))
    distances = [float(name.split()[3].strip(",")) for name in apart]
    assert distances == sorted(distances)


@pytest.mark.expensive
def test_an_input_that_is_past_is_forgotten():
    (faded,) = memory(2, 20).values()
    later = [faded[t : t + 100].mean() for t in (50, 150, 250, 350)]
    assert all(after < before for before, after in pairwise(later))
    assert later[-1] < later[0] / 4


def test_pictures_of_a_liquid_carry_the_mark_of_the_zoo(tmp_path):
    rng = np.random.default_rng(0)
    spikes = (rng.random((50, 9)) < 0.1).astype(float)
    raster(spikes[:, :2], spikes, 7, tmp_path / "raster.png")
    curves({"a": np.arange(50.0), "b": np.arange(50.0)[::-1]}, {"c": np.ones(50)}, 20, tmp_path / "curves.png")
    for name in ("raster.png", "curves.png"):
        assert PICTURE_MARK.encode() in (tmp_path / name).read_bytes()
