"""Options of whole steps are compared by turns, and the table names the fastest of those that were tried."""

from dataclasses import replace

import pytest

from benchmarks import step_options, tries
from benchmarks.step_options import main, measured, table
from benchmarks.workloads import WORKLOADS

WHERE = {"machine": "a desk", "versions": {"jax": "1"}, "date": "today"}


@pytest.mark.expensive
def test_a_step_is_measured_with_each_set_of_options_and_a_refused_one_has_a_reason(monkeypatch):
    monkeypatch.setattr(tries, "OPTIONS", ({"xla_cpu_use_fusion_emitters": False}, {"xla_no_such": True}))
    found = measured(replace(WORKLOADS["mlp"], examples=64, batch=16), turns=2, seconds=0.01)
    assert "xla_no_such" in found["`xla_no_such=True`"]["refused"]
    times = [each for each in found.values() if "refused" not in each]
    assert times
    assert all(len(each["chosen"]) == len(each["tried"]) == 2 for each in times)
    assert all(ms > 0 for each in times for ms in [*each["chosen"], *each["tried"]])


def test_the_table_shows_the_fastest_by_the_median_of_ratios():
    options = {
        "slow": {"chosen": [2.0, 2.0, 2.0], "tried": [4.0, 4.0, 1.0]},
        "fast": {"chosen": [3.0, 3.0, 3.0], "tried": [2.0, 3.0, 2.0]},
        "odd": {"refused": "no such option"},
    }
    text = table({"cnn": {"options": options} | WHERE})
    assert "| 3 ms | fast | 2 ms | 1.50 (1.00 to 1.50) |" in text
    assert "Tried: slow; fast." in text
    assert "This jaxlib refuses odd." in text


def test_without_values_the_command_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(step_options, "KEPT", tmp_path / "kept.json")
    assert main(["--only", "--kept", str(tmp_path / "kept.json")]) == 1
    assert "--only" in capsys.readouterr().out
