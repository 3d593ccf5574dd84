"""What docs/callbacks.md promises: its examples run, and events come in the order that it tells."""

import dataclasses
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from zoo.train import Callback, RunOptions, recipe_for, run

pytestmark = pytest.mark.usefixtures("quick_compiler")

PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


class Wandb(ModuleType):
    """As much of wandb as the example uses; remembers what it was told."""

    def __init__(self):
        super().__init__("wandb")
        self.told = []

    def init(self, **given):
        self.told.append(("init", given))
        return self

    def log(self, values, step):
        self.told.append(("log", values | {"step": step}))

    def finish(self):
        self.told.append(("finish", {}))


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    wandb = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules[run.__module__], "draw", lambda result: {})
    names = {}
    for block in BLOCKS:
        exec(compile(block, "callbacks.md", "exec"), names)
    assert len(BLOCKS) == 3
    printed = [line for line in capsys.readouterr().out.splitlines() if re.match(r"epoch \d+: [01]\.\d{3}$", line)]
    assert len(printed) == 50
    assert names["short"].rows[-1]["epoch"] < 100
    events = [name for name, _ in wandb.told]
    assert events[0] == "init"
    assert set(events[1:-1]) == {"log"}
    assert events[-1] == "finish"
    assert wandb.told[0][1]["config"]["model"] == "logistic"
    assert {"test/accuracy", "step"} <= set(wandb.told[-2][1])


def test_without_wandb_its_example_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    names = {"Callback": Callback}
    exec(compile(BLOCKS[2], "callbacks.md", "exec"), names)
    with pytest.raises(ImportError, match="pip install wandb"):
        names["WandB"]("zoo")


class Diary(Callback):
    def __init__(self, ends=False, trips=False):
        self.heard, self.ends, self.trips = [], ends, trips

    def start(self, setup, folder):
        self.heard.append("start")

    def moved(self, step, row):
        self.heard.append("moved")

    def row(self, row, fit):
        self.heard.append("row")
        if self.trips:
            raise RuntimeError("tripped")
        return self.ends

    def stopped(self):
        self.heard.append("stopped")

    def end(self, result):
        self.heard.append("end")
        assert result.load().params


SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=2)


def test_events_come_in_order_and_one_who_ends_the_run_does_not_deafen_the_others(tmp_path):
    first, second = Diary(ends=True), Diary()
    run(SHORT, RunOptions(out=tmp_path / "run", quiet=True, pictures=False), [first, second])
    assert first.heard == second.heard
    assert first.heard[0] == "start"
    assert first.heard[-2:] == ["stopped", "end"]
    assert set(first.heard[1:-2]) == {"moved", "row"}


def test_a_run_that_fails_still_tells_that_it_stopped(tmp_path):
    diary = Diary(trips=True)
    with pytest.raises(RuntimeError, match="tripped"):
        run(SHORT, RunOptions(out=tmp_path / "run", quiet=True), [diary])
    assert diary.heard[-1] == "stopped"
