"""Comparisons of whole trainings: ratios are computed within a turn, and rows of others stay."""

import json

import pytest

from benchmarks import beside


@pytest.fixture
def places(monkeypatch, tmp_path):
    """A page and a file of values of its own."""
    page = tmp_path / "speed.md"
    page.write_text("before\n<!-- beside -->\n<!-- /beside -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(beside, "KEPT", tmp_path / "beside.json")
    monkeypatch.setattr(beside, "DOCS", tmp_path)
    return page, tmp_path / "beside.json"


def test_the_ratio_is_the_median_of_those_of_the_turns(places):
    page, kept = places
    found = beside.compared("a work", "other 1.0", [1, 2, 10], [4, 2, 30], ("good", "bad"))
    assert found == 3  # of 4, 1 and 3; the ratio of the medians is 2
    assert "| a work | 2 s | other 1.0 | 4 s | 3 (1 to 4) | good | bad |" in page.read_text(encoding="utf-8")
    beside.compared("b work", "other 1.0", [1, 1], [2, 2], ("x", "y"))
    assert sorted(json.loads(kept.read_text())) == ["a work", "b work"]
    text = page.read_text(encoding="utf-8")
    assert "a work" in text
    assert text.index("| b work") < text.index("<!-- /beside -->") < text.index("after")


def test_turns_of_both_belong_together(places):
    with pytest.raises(ValueError, match="zip"):
        beside.compared("a work", "other", [1, 2], [1], ("", ""))


def test_the_page_shows_the_stored_values():
    text = (beside.DOCS / "speed.md").read_text(encoding="utf-8")
    assert beside.table(json.loads(beside.KEPT.read_text())) in text
