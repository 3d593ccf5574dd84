"""Windows of a text: one goes on where the last one ended, and what is scored is scored once."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.train.data.dataset import Split
from zoo.train.errors import BadInput
from zoo.train.pipeline.text import scoring_windows, token_windows


def text(length):
    """Tokens that are their own places."""
    return Split(np.arange(length), np.arange(1, length + 1))


def epoch(feed):
    order = feed.order(jax.random.key(0))
    return [feed.batch(feed.arrays, order, i, None) for i in range(feed.steps_per_epoch)]


@pytest.mark.parametrize(("length", "rows", "window"), [(100, 4, 5), (103, 4, 5), (37, 3, 10), (10, 1, 3), (11, 8, 11)])
def test_each_row_goes_on_where_it_ended_and_all_is_read(length, rows, window):
    batches = epoch(token_windows(text(length), rows, window))
    read = np.stack([batch["x"] for batch in batches])
    assert read.shape[1:] == (rows, window)
    np.testing.assert_array_equal(read[1:, :, 0], read[:-1, :, -1] + 1)
    np.testing.assert_array_equal(np.stack([batch["y"] for batch in batches]), read + 1)
    missing = length - len(np.unique(read))
    assert missing < window
    assert read.max() < length


def test_the_carry_begins_anew_in_the_first_batch_alone():
    firsts = [batch["first"].tolist() for batch in epoch(token_windows(text(100), 2, 10))]
    assert firsts == [[True, True]] + [[False, False]] * 4


def test_a_window_of_0_is_the_whole_text():
    (batch,) = epoch(token_windows(text(50), 1, 0))
    np.testing.assert_array_equal(batch["x"], np.arange(50)[None])


def test_a_text_shorter_than_the_window_is_refused():
    with pytest.raises(BadInput, match="has 9 tokens"):
        token_windows(text(9), 1, 10)


@settings(deadline=None)
@given(st.integers(1, 40_000), st.sampled_from([1, 2, 3, 8]))
def test_every_token_is_scored_once_with_what_stands_before_it(length, devices):
    seen = []
    for batch in scoring_windows(text(length), devices):
        assert batch["x"].shape == batch["weight"].shape == batch["y"].shape
        assert len(batch["x"]) % devices == 0
        scored = batch["weight"] > 0
        seen.append(batch["x"][scored])
        np.testing.assert_array_equal(batch["y"][scored], batch["x"][scored] + 1)
        for row, own in zip(batch["x"], scored, strict=True):
            if own.any():
                read = row[: np.flatnonzero(own)[-1] + 1]
                np.testing.assert_array_equal(np.diff(read), 1)
                assert np.flatnonzero(own)[0] == min(128, row[own][0])
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(length))
