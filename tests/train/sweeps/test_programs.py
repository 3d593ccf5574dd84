"""Settings that differ in numbers share programs, in turn or in one program, and give what they give alone."""

import dataclasses
import json

import jax
import pytest

import zoo
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.engine.steps import StepProgram
from zoo.train.runs.folder import read_result
from zoo.train.runs.setup import setup
from zoo.train.sweeps.results import Setting
from zoo.train.sweeps.sweep import sweep
from zoo.train.sweeps.vmapped_training import VmappedRuns, runs_together

pytestmark = pytest.mark.usefixtures("quick_compiler")
SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=2, expect=None)
OPTIONS = RunOptions(pictures=False, quiet=True)


def settings(**values):
    names, found = list(values), [{}]
    for name in names:
        found = [{**each, name: value} for each in found for value in values[name]]
    return [Setting(each, dataclasses.replace(SHORT, **each)) for each in found]


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """How often a step was traced in a sweep over optimizers and weight decays, and its results."""
    traces, plain = [], StepProgram._train
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StepProgram, "_train", lambda self, *given: (traces.append(1), plain(self, *given))[1])
        wanted = settings(opt=("adamw", "sgd"), weight_decay=(0.0, 0.1))
        found = sweep(wanted, [0], tmp_path_factory.mktemp("sweep"), OPTIONS, vmapped=False)
    return wanted, found, len(traces)


def test_a_grid_over_numbers_is_traced_once_for_each_optimizer(traced):
    wanted, found, count = traced
    assert len(found) == 4
    assert count == 2
    assert [each.setting for each in found] == wanted, "the results are in the order of the settings"


def test_a_setting_gives_what_it_gives_alone(traced, tmp_path):
    wanted, found, _ = traced
    alone = run(wanted[1].recipe, dataclasses.replace(OPTIONS, out=tmp_path / "alone"))
    kept = zoo.load(found[1].folder / "seed-0")
    assert kept.about["recipe"]["weight_decay"] == wanted[1].recipe.weight_decay
    baselines = [read_result(each)["baseline"] for each in (found[1].folder / "seed-0", alone.folder)]
    assert baselines[0]["metrics"] == pytest.approx(baselines[1]["metrics"])
    for one, other in zip(json_rows(found[1].folder / "seed-0"), alone.rows, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def json_rows(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_settings_side_by_side_give_what_they_give_one_after_another(tmp_path):
    given = ({"lr": 1e-3, "label_smoothing": 0.1}, {"lr": 1e-2, "label_smoothing": 0.2})
    wanted = [Setting(each, dataclasses.replace(SHORT, **each)) for each in given]
    both = [sweep(wanted, [3], tmp_path / str(way), OPTIONS, vmapped=way) for way in (True, False)]
    for one, other in zip(*both, strict=True):
        assert one.setting == other.setting
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
        rows = [json_rows(each.folder / "seed-3") for each in (one, other)]
        assert rows[0][0]["lr"] == pytest.approx(rows[1][0]["lr"])
        for row, same in zip(*rows, strict=True):
            assert row == pytest.approx(same, abs=1e-4)


def test_more_runs_than_fit_side_by_side_share_the_programs_of_the_first_ones(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr("zoo.train.sweeps.vmapped_training._TOGETHER", 2)
    monkeypatch.setattr("zoo.train.sweeps.sweep.VmappedRuns", lambda parts: made.append(VmappedRuns(parts)) or made[-1])
    wanted = settings(lr=(1e-3, 3e-3, 1e-2, 3e-2))
    found = sweep(wanted, [0], tmp_path / "sweep", OPTIONS, vmapped=True)
    assert all(len(each.scores) == 1 for each in found)
    assert [len(each.parts) for each in made] == [2]
    assert made[0]._steps._cache_size() == 1


def test_only_small_networks_with_small_data_are_trained_beside_those_of_other_settings():
    small = setup(SHORT)
    assert runs_together(small, 3) == 16
    assert runs_together(small, 20) == 20
    assert runs_together(setup(dataclasses.replace(SHORT, m={"hidden": (1000, 100)})), 3) == 3
    held = setup(dataclasses.replace(SHORT, val_share=0.2))
    with pytest.MonkeyPatch.context() as patch:
        size = sum(leaf.nbytes for leaf in jax.tree.leaves(held.advance.arrays))
        patch.setattr("zoo.train.sweeps.vmapped_training._BYTES", 5 * size)
        assert (runs_together(held, 3), runs_together(held, 8)) == (5, 8)
