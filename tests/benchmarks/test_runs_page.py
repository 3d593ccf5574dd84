"""The measurements of docs/runs.md: each command replaces its own rows and keeps the others."""

import json

from benchmarks import runs_page
from benchmarks.kills import bits, differing
from benchmarks.runs_page import PAGE, Figure, show


def test_a_measurement_replaces_the_one_of_its_name(tmp_path, monkeypatch):
    kept, page = tmp_path / "runs.json", tmp_path / "runs.md"
    monkeypatch.setattr(runs_page, "KEPT", kept)
    page.write_text("before\n<!-- runs -->\nold\n<!-- /runs -->\nafter\n")
    show({"2 b": Figure("b", "1", "bad", "cmd")}, kept, page)
    show({"1 a": Figure("a", "3", "good", "cmd"), "2 b": Figure("b", "2", "better", "cmd")}, kept, page)
    text = page.read_text()
    assert text.startswith("before\n<!-- runs -->\n| measurement |")
    assert text.index("| a | 3 | good | `cmd` |") < text.index("| b | 2 | better | `cmd` |")
    assert "bad" not in text
    assert "old" not in text
    assert "Measured on " in text
    assert text.endswith("<!-- /runs -->\nafter\n")
    before = page.read_bytes()
    show({"3 c": Figure("c", "1", "c", "cmd")}, tmp_path / "other.json", page)
    assert page.read_bytes() == before
    assert set(json.loads(kept.read_text())) == {"1 a", "2 b"}


def test_the_page_has_the_marks():
    assert "<!-- runs -->\n" in PAGE.read_text()
    assert "<!-- /runs -->\n" in PAGE.read_text()


def test_two_runs_differ_by_files_and_scores_but_not_by_times(tmp_path):
    for name, seconds, score in (("a", 1, 0.5), ("b", 2, 0.5), ("c", 1, 0.6)):
        (tmp_path / name / "plots").mkdir(parents=True)
        (tmp_path / name / "config.json").write_text(name)
        (tmp_path / name / "result.json").write_text(json.dumps({"seconds": seconds, "accuracy": score}))
        (tmp_path / name / "plots" / "x.png").write_bytes(b"same")
    one, other, third = (bits(tmp_path / name) for name in "abc")
    assert differing(one, other) == []
    assert differing(one, third) == ["result.json"]
    assert differing(one, {**one, "plots/x.png": b"else", "y": b""}) == ["plots/x.png", "y"]
