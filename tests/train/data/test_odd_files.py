"""Odd data files: answered as a reference in float64 says, or refused with a line that names the place.

`python -m benchmarks.odd_files` tries thousands; `ZOO_EXAMPLES=2000` does so here.
"""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.odd_files.tried import MAKERS, tried

pytestmark = pytest.mark.usefixtures("quick_compiler")


@settings(max_examples=int(os.environ.get("ZOO_EXAMPLES", "40")), deadline=None, derandomize=True)
@given(st.sampled_from(sorted(MAKERS)), st.integers(0, 2**32 - 1))
def test_an_odd_file_is_read_as_written_and_normalised_as_in_float64_or_refused_by_its_place(kind, seed):
    with tempfile.TemporaryDirectory() as folder:
        outcome = tried(kind, seed, Path(folder, "new"), whole=False)
    assert outcome.verdict != "fault", outcome


CASES = [("arrays", 0), ("pictures", 0)]
DEAR = [("texts", 0), *(("series", seed) for seed in (1, 3)), *(("arrays", seed) for seed in (4, 5, 6))]


@pytest.mark.parametrize(
    ("kind", "seed"), [*CASES, *(pytest.param(*each, marks=pytest.mark.expensive) for each in DEAR)]
)
def test_an_odd_file_is_trained_on_and_predicted_as_it_was_scored_or_refused(kind, seed, tmp_path):
    outcome = tried(kind, seed, tmp_path / "new", whole=True)
    assert outcome.verdict == "right", outcome
