"""The benchmark of sweeps: ways by turns, ratios within a round, and only what a search finishes in time."""

from pathlib import Path

import pytest

from benchmarks import results, sweeps
from zoo.train import recipe_for
from zoo.train.sweeps.programs import same_programs
from zoo.train.sweeps.results import Setting, SettingResult


def test_the_ways_of_a_grid_take_turns_and_are_compared_within_a_round(monkeypatch):
    now, order = [0.0], []
    monkeypatch.setattr(sweeps.time, "process_time", lambda: now[0])
    monkeypatch.setattr(sweeps, "begin", lambda options: None)

    def way(name, seconds):
        def go(folder):
            assert folder.is_dir()
            now[0] += seconds
            order.append(name)

        return go

    found = sweeps.in_turns({"a": way("a", 6.0), "b": way("b", 2.0)}, 2)
    assert order == ["a", "b", "b", "a"]
    assert sweeps.describe(found["a"], found["b"]) == "3.00 (3.00 to 3.00)"


def test_all_settings_of_the_grid_share_a_program():
    for recipe in sweeps.CASES.values():
        settings = sweeps.grid_settings(recipe)
        assert same_programs(settings) == [list(range(len(settings)))]


def result(score, pruned=False):
    run = {"score": score, "failed": "", "pruned": pruned}
    return SettingResult(Setting({}, recipe_for("mlp")), [run], Path())


def test_what_a_search_finishes_after_its_time_does_not_count(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(sweeps.time, "process_time", lambda: now[0])
    clock = sweeps.Clock(10)
    for score, seconds in ((0.8, 4), (0.7, 5)):
        now[0] += seconds
        clock.on_setting(result(score), True)
    now[0] += 2
    with pytest.raises(TimeoutError):
        clock.on_setting(result(0.9), True)
    assert sweeps.best([*clock.found, result(0.95, pruned=True)]) == 0.8


def test_a_result_that_nobody_measured_is_shown_as_such_with_its_target():
    claim = results.Claim("x", "--model x", at_least=0.94, source="a paper: 94 %")
    assert results.row(claim, None) == "| `--model x` | not measured | 94 % or more (a paper: 94 %) | |"
