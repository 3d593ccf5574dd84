"""A trace lies where it is said to lie, is what its readers read, and holds our program's steps."""

import dataclasses
import gzip
import json

import pytest

from zoo.train import recipe_for, run
from zoo.train.callback import Callback
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput

SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=3)  # 24 steps


def trace_of(folder):
    (path,) = (folder / "profile").rglob("perfetto_trace.json.gz")
    with gzip.open(path) as file:
        return json.load(file)["traceEvents"]


@pytest.mark.expensive
def test_a_trace_holds_the_steps_and_is_told_of_and_changes_no_number(tmp_path, capsys):
    traced = run(SHORT, RunOptions(out=tmp_path / "traced", profile=10, pictures=False))
    plain = run(SHORT, RunOptions(out=tmp_path / "plain", quiet=True, pictures=False))
    assert [row for row in traced.rows if row["split"] == "test"] == [r for r in plain.rows if r["split"] == "test"]
    names = [event.get("name", "") for event in trace_of(traced.folder)]
    assert any("_steps" in name for name in names), "the program of the loop"
    products = sum("dot" in name or "ynn" in name or "fusion" in name for name in names if not name.startswith("end"))
    assert products >= 10, "at least one a step"
    assert len(list((traced.folder / "profile").rglob("*.xplane.pb"))) == 1, "what XProf reads"
    text = capsys.readouterr().out
    assert "perfetto_trace.json.gz" in text
    assert "https://ui.perfetto.dev" in text


def test_the_steps_asked_for_are_traced_once_the_first_are_compiled(tmp_path):
    result = run(SHORT, RunOptions(out=tmp_path / "run", quiet=True, profile=3, pictures=False))
    calls = [int(event["args"]["step_num"]) for event in trace_of(result.folder) if event.get("name") == "train"]
    assert calls[0] == 5
    assert max(calls) < 8, "a call may take several steps, and ends where the run pauses"
    names = " ".join(str(event.get("name")) for event in trace_of(result.folder)).lower()
    assert "compile" not in names


def test_a_run_too_short_to_be_traced_is_refused_before_a_folder_is_made(tmp_path):
    with pytest.raises(BadInput, match=r"--profile 24 needs a run of 25 steps or more.*the run has 24"):
        run(SHORT, RunOptions(out=tmp_path / "run", quiet=True, profile=24))
    assert not (tmp_path / "run").exists()
    with pytest.raises(BadInput, match="--profile must be a whole number of at least 1 or none, got 0"):
        RunOptions(profile=0)


class Trip(Callback):
    def on_metrics(self, row, fit):
        if row["step"] >= 8:
            raise RuntimeError("tripped")


def test_a_run_that_fails_inside_the_trace_leaves_the_next_one_free_to_trace(tmp_path):
    with pytest.raises(RuntimeError, match="tripped"):
        run(SHORT, RunOptions(out=tmp_path / "a", quiet=True, profile=15, pictures=False), [Trip()])
    assert trace_of(tmp_path / "a")
    run(SHORT, RunOptions(out=tmp_path / "b", quiet=True, profile=2, pictures=False))
    assert trace_of(tmp_path / "b")
