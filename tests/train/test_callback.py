"""The examples of docs/callbacks.md run, hooks are called in the documented order, and state is kept by name."""

import dataclasses
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from zoo.train import Callback, RunOptions, recipe_for, run
from zoo.train.callback import CallbackList

pytestmark = pytest.mark.usefixtures("quick_compiler")

PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


class Wandb(ModuleType):
    """As much of wandb as the example uses; records its calls."""

    def __init__(self):
        super().__init__("wandb")
        self.calls = []

    def init(self, **given):
        self.calls.append(("init", given))
        return self

    def log(self, values, step):
        self.calls.append(("log", values | {"step": step}))

    def finish(self):
        self.calls.append(("finish", {}))


@pytest.mark.expensive
def test_the_examples_run(tmp_path, monkeypatch, capsys):
    wandb = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_module("zoo.train.runs.result"), "draw", lambda result: {})
    names = {}
    for block in BLOCKS:
        exec(compile(block, "callbacks.md", "exec"), names)
    assert len(BLOCKS) == 3
    printed = [line for line in capsys.readouterr().out.splitlines() if re.match(r"epoch \d+: [01]\.\d{3}$", line)]
    assert len(printed) == 50
    assert names["short"].rows[-1]["epoch"] < 100
    events = [name for name, _ in wandb.calls]
    assert events[0] == "init"
    assert set(events[1:-1]) == {"log"}
    assert events[-1] == "finish"
    assert wandb.calls[0][1]["config"]["model"] == "logistic"
    assert {"test/accuracy", "step"} <= set(wandb.calls[-2][1])


def test_without_wandb_its_example_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    names = {"Callback": Callback}
    exec(compile(BLOCKS[2], "callbacks.md", "exec"), names)
    with pytest.raises(ImportError, match="pip install wandb"):
        names["WandB"]("zoo")


class Diary(Callback):
    def __init__(self, ends=False, trips=False):
        self.calls, self.ends, self.trips = [], ends, trips

    def on_start(self, setup, folder):
        self.calls.append("on_start")

    def on_progress(self, step, row):
        self.calls.append("on_progress")

    def on_metrics(self, row, fit):
        self.calls.append("on_metrics")
        if self.trips:
            raise RuntimeError("tripped")
        return self.ends

    def on_stop(self):
        self.calls.append("on_stop")

    def on_end(self, result):
        self.calls.append("on_end")
        assert result.load().params


SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=2)


def test_hooks_are_called_in_order_and_all_of_them_when_one_callback_ends_the_run(tmp_path):
    first, second = Diary(ends=True), Diary()
    run(SHORT, RunOptions(out=tmp_path / "run", quiet=True, pictures=False), [first, second])
    assert first.calls == second.calls
    assert first.calls[0] == "on_start"
    assert first.calls[-2:] == ["on_stop", "on_end"]
    assert set(first.calls[1:-2]) == {"on_progress", "on_metrics"}


def test_on_stop_is_called_when_the_run_fails(tmp_path):
    diary = Diary(trips=True)
    with pytest.raises(RuntimeError, match="tripped"):
        run(SHORT, RunOptions(out=tmp_path / "run", quiet=True), [diary])
    assert diary.calls[-1] == "on_stop"


FORMER = ("start", "moved", "row", "stopped", "end", "memory", "recall")
HOOKS = ("on_start", "on_progress", "on_metrics", "on_stop", "on_end", "state_dict", "load_state_dict")


@pytest.mark.parametrize(("former", "hook"), list(zip(FORMER, HOOKS, strict=True)))
def test_a_hook_under_its_former_name_is_refused_with_the_new_name(former, hook):
    with pytest.raises(TypeError, match=f"Mine.{former} is never called: .* is now {hook}"):
        type("Mine", (Callback,), {former: lambda self, *args: None})
    both = type("Both", (Callback,), {former: lambda self, *args: None, hook: lambda self, *args: None})
    type("Below", (both,), {})


def test_a_former_hook_of_a_mixin_is_refused_and_an_attribute_of_that_name_is_not():
    class Mixin:
        def row(self, row, fit):
            return True

    with pytest.raises(TypeError, match="on_metrics"):
        type("Mixed", (Mixin, Callback), {})
    type("Fine", (Callback,), {"end": 7})


class Counter(Callback):
    def __init__(self, count=None):
        self.count = count

    def state_dict(self):
        return self.count

    def load_state_dict(self, state):
        self.count = state


class Renamed(Counter):
    name, former_name = "renamed", "Counter"


def test_state_is_kept_by_name_and_equal_names_are_numbered():
    assert CallbackList([Counter(1), Renamed(2), Counter(), Counter(4)]).state_dict() == {
        "Counter": 1,
        "renamed": 2,
        "Counter-3": 4,
    }


def test_state_is_restored_by_name_whatever_else_is_there():
    saved = CallbackList([Counter(1), Renamed(2), Counter(3)]).state_dict()
    again = [Callback(), Renamed(), Counter(), Counter()]
    CallbackList(again).load_state_dict(saved)
    assert [each.count for each in again[1:]] == [2, 1, 3]


def test_state_of_earlier_checkpoints_is_found_under_the_names_of_classes():
    again = [Renamed(), Counter(), Renamed()]
    CallbackList(again).load_state_dict({"Counter": 1, "Counter-2": 2, "Counter-3": 3}, former=True)
    assert [each.count for each in again] == [1, 2, 3]
    CallbackList(again).load_state_dict({"Counter": 9})
    assert [each.count for each in again] == [1, 9, 3], "today a class name is the state of that class alone"


def test_an_attribute_called_name_is_no_name_of_the_state():
    class Labelled(Counter):
        def __init__(self, name):
            super().__init__(1)
            self.name = name

    assert CallbackList([Labelled("x")]).state_dict() == {"Labelled": 1}
