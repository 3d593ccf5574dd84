"""The score of points on points whose score is known, and the mixtures of the data."""

import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.data.dataset import load_data
from zoo.train.evaluation.modes import mode_score

pytestmark = pytest.mark.usefixtures("quick_compiler")


def scored(judge, *batches):
    """The report on made points, each batch with its weights."""
    sums = [judge.score(jnp.asarray(made, jnp.float32), None, {"weight": jnp.asarray(w)}) for made, w in batches]
    return judge.finish({name: sum(s[name][0] for s in sums) / sum(s[name][1] for s in sums) for name in sums[0]})


@pytest.fixture(scope="module")
def ring():
    data = load_data("ring")
    return mode_score(data.train.x, data.train.y, 8), data


def test_the_share_of_good_real_points_follows_the_rayleigh_distribution(ring):
    judge, data = ring
    told = scored(judge, (data.test.x, np.ones(len(data.test.x))))
    assert told["modes"] == 8
    assert told["good"] == pytest.approx(1 - np.exp(-9 / 2), abs=0.01)  # within 3 deviations in the plane


def test_noise_covers_almost_no_mode(ring):
    judge, _ = ring
    assert scored(judge, (np.random.default_rng(0).normal(0, 2, (2000, 2)), np.ones(2000)))["good"] < 0.02


def test_a_generator_of_one_point_covers_one_mode(ring):
    judge, _ = ring
    told = scored(judge, (np.tile([[2.0, 0.0]], (100, 1)), np.ones(100)))
    assert told == {"good": 1.0, "modes": 1}


def test_a_mode_with_less_than_a_fifth_of_its_share_is_not_covered(ring):
    judge, _ = ring
    centre = np.array([[2.0, 0.0], [0.0, 2.0]])
    assert scored(judge, (np.repeat(centre, (980, 20), axis=0), np.ones(1000)))["modes"] == 1
    assert scored(judge, (np.repeat(centre, (970, 30), axis=0), np.ones(1000)))["modes"] == 2


def test_a_generator_without_a_good_sample_has_no_mode(ring):
    judge, _ = ring
    assert scored(judge, (np.zeros((10, 2)), np.ones(10))) == {"good": 0.0, "modes": 0}


def test_batches_add_up_and_padding_does_not_count(ring):
    judge, data = ring
    x = data.test.x[:90]
    far = np.concatenate([x[60:], np.full((30, 2), 9.0)])
    apart = scored(judge, (x[:60], np.ones(60)), (far, np.repeat([1.0, 0.0], 30)))
    assert apart == pytest.approx(scored(judge, (x, np.ones(90))))


def test_the_report_tells_a_newcomer_what_the_numbers_are(ring):
    judge, _ = ring
    modes, good = judge.explain({"modes": 7, "good": 0.9})
    assert modes.startswith("modes 7 of 8: ")
    assert good.startswith("good 0.900: ")


@pytest.mark.parametrize(("name", "modes", "std"), [("ring", 8, 0.02), ("grid", 25, 0.05)])
def test_the_mixtures_are_those_of_the_papers(name, modes, std):
    data = load_data(name)
    assert len(data.classes) == modes
    centres = np.stack([data.train.x[data.train.y == j].mean(axis=0) for j in range(modes)])
    if name == "ring":
        np.testing.assert_allclose(np.hypot(*centres.T), 2, atol=0.01)
    else:
        np.testing.assert_allclose(np.sort(np.unique(np.round(centres))), [-4, -2, 0, 2, 4])
    assert np.sqrt(((data.train.x - centres[data.train.y]) ** 2).mean()) == pytest.approx(std, rel=0.05)
    counts = np.bincount(np.concatenate([data.train.y, data.test.y]))
    assert counts.max() - counts.min() <= 1, "as many of every mode"


def test_a_seed_draws_other_points_and_the_same_seed_the_same():
    same, again, other = (load_data("grid", options={"seed": seed}).train.x for seed in (1, 1, 2))
    np.testing.assert_array_equal(same, again)
    assert (same != other).any()
