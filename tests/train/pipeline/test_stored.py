"""The examples that a memory stores: chosen apart, named with the threshold, and scored as test examples."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from zoo.train import recipe_for
from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput
from zoo.train.pipeline.stored import least_correlated, stored_examples

RECIPE = recipe_for("hopfield")


def largest(p):
    return max(abs(p[i] @ p[j]) / p.shape[1] for i, j in combinations(range(len(p)), 2))


def test_patterns_chosen_apart_are_near_the_best_of_all_choices():
    p = np.random.default_rng(0).choice([-1, 1], (14, 20))
    best = min(largest(p[list(some)]) for some in combinations(range(14), 4))
    chosen = least_correlated(p, 4)
    assert len(set(chosen.tolist())) == 4
    assert largest(p[chosen]) <= best + 0.1 + 1e-9  # one step of 2 / 20, as the search is no exhaustive one
    assert largest(p[chosen]) < np.mean([largest(p[list(some)]) for some in combinations(range(14), 4)])


def test_what_is_stored_is_named_with_the_threshold_and_is_the_test_split():
    lines, data = [], load_data("digits")
    kept = stored_examples(RECIPE, data, {"patterns": 6, "choose": "apart"}, lines.append)
    assert kept.train is kept.test
    assert (len(kept.train.x), kept.held_out) == (6, False)
    assert lines[0].startswith("stored   6 of 1,797 examples, the least correlated (--t.choose): ")
    p = np.where(kept.train.x.reshape(6, -1) > 8, 1, -1)
    assert f"the largest overlap of two is {largest(p):.2f}" in lines[0]
    assert "of 64 entries: +1 where a value is above 8, else -1 (--normalize symmetric)" in lines[1]
    random = stored_examples(RECIPE, data, {"patterns": 6, "choose": "random"})
    assert largest(p) < largest(np.where(random.train.x.reshape(6, -1) > 8, 1, -1))
    first = stored_examples(RECIPE, data, {"patterns": 3, "choose": "first"})
    np.testing.assert_array_equal(first.train.x, data.train.x[:3])
    assert len(stored_examples(RECIPE, data, {"patterns": None, "choose": "apart"}).train.x) == 1797


def test_the_overlaps_of_more_patterns_than_a_block_are_those_of_all_pairs():
    lines, data = [], load_data("digits")
    kept = stored_examples(RECIPE, data, {"patterns": 1500, "choose": "random"}, lines.append)
    p = np.where(kept.train.x.reshape(1500, -1) > 8, 1.0, -1.0)
    pairs = np.abs(p @ p.T)[np.triu_indices(1500, 1)] / 64
    assert f"the largest overlap of two is {pairs.max():.2f}, the mean {pairs.mean():.2f}" in lines[0]


@pytest.mark.parametrize(
    ("change", "count", "message"),
    [
        ({"val_share": 0.1}, 6, "--val-share 0.1: hopfield recalls the examples that it stores"),
        ({"patience": 2}, 6, "--patience 2: hopfield"),
        ({}, 1798, "--t.patterns 1798: digits has 1,797 examples, of which 1 to 1,797"),
        ({}, 0, "--t.patterns 0"),
    ],
)
def test_examples_that_cannot_be_stored_are_refused(change, count, message):
    with pytest.raises(BadInput, match=message):
        stored_examples(replace(RECIPE, **change), load_data("digits"), {"patterns": count, "choose": "apart"})
