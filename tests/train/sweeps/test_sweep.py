"""A sweep tries what it is told to, goes on where it was ended, and does not depend on how seeds are trained."""

import csv
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import chex
import jax
import numpy as np
import pytest

import zoo
from zoo.__main__ import main
from zoo.train import recipe_for
from zoo.train.callback import Callback, CallbackList
from zoo.train.cli.sweep import settings_of
from zoo.train.cli.train_args import resolve_recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput, RunFailed
from zoo.train.runs.lock import Lock
from zoo.train.runs.setup import setup
from zoo.train.sweeps import report as show_sweep
from zoo.train.sweeps import vmapped_training as many
from zoo.train.sweeps.results import ResultLog, Setting
from zoo.train.sweeps.sweep import sweep
from zoo.train.sweeps.vmapped_training import VmappedRuns, is_faster_vmapped

pytestmark = pytest.mark.usefixtures("quick_compiler")
SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=2)
IRIS = resolve_recipe({"model": "mlp", "dataset": "iris"})


def asked(**given):
    settings, seeds = settings_of(IRIS, given)
    return [setting.given for setting in settings], seeds


def test_every_combination_is_tried_and_only_what_varies_names_a_setting():
    given, seeds = asked(**{"lr": "1e-3,1e-2", "m.hidden": "16,64x8", "epochs": "5", "seeds": 3})
    assert given == [{"lr": lr, "m.hidden": hidden} for lr in (1e-3, 1e-2) for hidden in ((16,), (64, 8))]
    assert seeds == [0, 1, 2]


def test_all_four_kinds_of_hyper_parameter_can_vary():
    words = {"m.activation": "relu,tanh", "opt": "sgd,adam", "epochs": "2,3", "clip_grad": "none,1", "d.fold": "0,1"}
    settings, _ = settings_of(IRIS, words)
    assert len(settings) == 32
    last = settings[-1].recipe
    assert (last.m["activation"], last.opt, last.epochs, last.clip_grad, last.d["fold"]) == ("tanh", "adam", 3, 1, 1)


def test_seeds_count_up_from_the_seed_or_are_named_one_by_one():
    assert asked(seed="5", seeds=2)[1] == [5, 6]
    assert asked(seed="1,4,9")[1] == [1, 4, 9]
    with pytest.raises(BadInput, match="--seeds 2 counts up from one --seed, got 3"):
        asked(seed="1,4,9", seeds=2)


def test_draws_are_the_same_for_the_same_words_lie_in_their_ranges_and_differ():
    words = {"lr": "1e-4..1e-1", "m.hidden": "8,16", "batch_size": "8..32", "random": 40}
    given, _ = asked(**words)
    assert given == asked(**words)[0]
    assert given[:10] == asked(**{**words, "random": 10})[0]
    assert len({str(each) for each in given}) == 40
    rates = np.array([each["lr"] for each in given])
    assert rates.min() >= 1e-4
    assert rates.max() <= 1e-1
    assert 0.25 < np.mean(rates < 10**-2.5) < 0.75, "as many below the middle of the decades as above"
    assert all(isinstance(each["batch_size"], int) and 8 <= each["batch_size"] <= 32 for each in given)
    assert len(asked(lr="0.1,0.2", random=40)[0]) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"lr": "1e-3,x"}, r"--lr must be a number, got 'x'"),
        ({"lr": "0.1,1e-1"}, r"--lr 0.1,1e-1: 0.1 is given twice"),
        ({"lr": "1e-3,-1"}, r"--lr must be a number above 0, got -1.0"),
        ({"lr": "1e-3..1e-1"}, r"--lr 0.001..0.1 is a range to sample from: give --random N or --search tpe"),
        ({"lr": "1..0.1", "random": 2}, r"must be a range from low to high"),
        ({"m.hidden": "16,64y"}, r"--m.hidden must be a whole number, got '64y'"),
        ({"opt": "sgd,adm"}, r"did you mean adam"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(words, message):
    with pytest.raises(BadInput, match=message):
        asked(**words)


def test_no_seed_at_all_is_refused(capsys):
    assert main(["sweep", "--model", "mlp", "--dataset", "iris", "--lr", "1e-3", "--seeds", "0"]) == 2
    assert "--seeds must be a whole number of at least 1, got 0" in capsys.readouterr().err


def run_of(outcome, seed=0):
    return zoo.load(outcome.folder / f"seed-{seed}")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same sweep, seeds side by side and one after another."""
    recipe = dataclasses.replace(SHORT, m={"hidden": (16,), "dropout": 0.2}, val_share=0.2)
    found = []
    for vmapped in (True, False):
        folder = tmp_path_factory.mktemp("sweep")
        found += sweep([Setting({}, recipe)], [0, 1, 2], folder, RunOptions(pictures=False), vmapped=vmapped)
    return found


def test_seeds_side_by_side_give_the_numbers_that_they_give_one_after_another(both):
    for seed in range(3):
        one, other = (run_of(outcome, seed) for outcome in both)
        chex.assert_trees_all_close(one.params, other.params, atol=2e-5)
        assert one.about["recipe"]["seed"] == seed
        rows = [
            [json.loads(line) for line in (each.folder / f"seed-{seed}" / "metrics.jsonl").read_text().splitlines()]
            for each in both
        ]
        assert [(row["split"], row["step"]) for row in rows[0]] == [(row["split"], row["step"]) for row in rows[1]]
        for row, same in zip(*rows, strict=True):
            assert row == pytest.approx(same, abs=1e-4)
    assert both[0].scores == pytest.approx(both[1].scores, abs=1e-6)
    assert not np.allclose(run_of(both[0], 0).params["head"]["w"], run_of(both[0], 1).params["head"]["w"])


def test_a_program_that_is_shared_gives_the_bits_of_one_of_its_own(both, tmp_path):
    from zoo.train import run

    recipe = dataclasses.replace(both[1].setting.recipe, seed=2)
    alone = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    chex.assert_trees_all_equal(run_of(both[1], 2).params, alone.load().params)


def test_the_score_is_of_the_examples_held_back_where_there_are_such(both):
    rows = [json.loads(line) for line in (both[0].folder / "seed-1" / "metrics.jsonl").read_text().splitlines()]
    assert both[0].runs[1]["split"] == "val"
    assert both[0].scores[1] == max(row["accuracy"] for row in rows if row["split"] == "val")


def test_only_small_networks_without_convolutions_and_recurrences_are_trained_side_by_side_on_a_cpu():
    assert is_faster_vmapped(setup(SHORT))
    assert is_faster_vmapped(setup(recipe_for("perceptron", "digits")))
    assert not is_faster_vmapped(setup(recipe_for("cnn")))
    assert not is_faster_vmapped(setup(dataclasses.replace(SHORT, patience=3)))
    assert not is_faster_vmapped(setup(dataclasses.replace(recipe_for("mlp", "diabetes"), val_share=0.2)))
    if jax.default_backend() == "cpu":
        assert not is_faster_vmapped(setup(recipe_for("mlp", "digits")))
        assert not is_faster_vmapped(setup(recipe_for("rnn", "future")))


class Holds(Callback):
    """What it should not: the fits, beside copies of them."""

    def __init__(self):
        self.held = []

    def on_metrics(self, row, fit):
        self.held.append((fit, jax.tree.map(np.array, fit)))


@pytest.fixture(scope="module")
def side_by_side():
    """Two seeds that were trained, what they were trained with, and what their callbacks held."""
    first, holds = setup(dataclasses.replace(SHORT, epochs=3)), (Holds(), Holds())
    other = first.of(dataclasses.replace(first.recipe, seed=1))
    assert other is not None
    both = VmappedRuns([first, other])
    assert many.train_vmapped(both, [CallbackList([each]) for each in holds]) == [None, None]
    return first, both, holds


def test_each_program_of_seeds_side_by_side_is_compiled_once(side_by_side):
    first, together, _ = side_by_side
    programs = {"step": together._steps, "order": together.order, "zero": together.zero, "init": first.advance._init}
    assert {name: program._cache_size() for name, program in programs.items()} == dict.fromkeys(programs, 1)


def test_seeds_side_by_side_begin_with_the_bits_that_they_begin_with_alone(side_by_side):
    first, together, _ = side_by_side
    for fit, key in zip(together.unstack(together.init()), together.keys, strict=True):
        chex.assert_trees_all_equal(fit, jax.device_get(first.advance.init(key)))


def test_a_fit_that_is_held_stays_what_it_was_while_the_seeds_go_on(side_by_side):
    for each in side_by_side[2]:
        assert len(each.held) > 3
        for fit, copy in each.held:
            chex.assert_trees_all_equal(fit, copy)


def test_other_seeds_have_the_same_programs_so_that_the_compile_cache_knows_them(side_by_side):
    first, together, _ = side_by_side
    other = VmappedRuns([first.of(dataclasses.replace(SHORT, seed=seed)) for seed in (5, 9)])
    texts = []
    for each in (together, other):
        fits, orders = each.init(), each.order(each.keys, 0)
        texts.append(each._steps.lower(fits, each.zero(), each.arrays, orders, 0, 1, each.keys).as_text())
    assert texts[0] == texts[1]
    assert not np.array_equal(orders[0], together.order(together.keys, 0)[0])


def test_what_the_seed_does_not_decide_is_made_once_for_all_seeds():
    first = setup(SHORT)
    other = first.of(dataclasses.replace(SHORT, seed=7))
    assert other is not None
    assert other.recipe == dataclasses.replace(first.recipe, seed=7)
    assert jax.random.key_data(other.key).tolist() == jax.random.key_data(jax.random.key(7)).tolist()
    assert other.advance is first.advance
    held = dataclasses.replace(SHORT, val_share=0.2)
    assert setup(held).of(dataclasses.replace(held, seed=7)) is None, "the seed draws what is held back"


def test_a_setting_that_diverges_is_written_down_and_the_sweep_goes_on(tmp_path):
    wild = dataclasses.replace(SHORT, opt="sgd", lr=1e9, sched="constant", weight_decay=0)
    settings = [Setting({"lr": 1e9}, wild), Setting({"lr": 0.01}, SHORT)]
    for vmapped in (True, False):
        bad, *good = sweep(settings, [0, 1], tmp_path / str(vmapped), RunOptions(pictures=False), vmapped=vmapped)
        settings = settings[:1]
        assert bad.scores == []
        assert np.isnan(bad.mean)
        assert "not finite" in bad.runs[0]["failed"]
        assert all(len(each.scores) == 2 for each in good)


def test_a_setting_that_takes_long_shows_each_of_its_runs(tmp_path, monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(show_sweep.time, "monotonic", lambda: now[0])
    show = show_sweep.SweepReport(1, [0, 1, 2], tmp_path, quiet=False)
    for seed, seconds, failed in ((0, 3, ""), (1, 20, ""), (2, 20, "not finite")):
        now[0] += seconds
        show.on_run(Setting({"lr": 0.1}, SHORT), seed, {"score": 0.5, "failed": failed})
    assert capsys.readouterr().out.splitlines()[2:] == ["  lr 0.1, seed 1: 0.5000", "  lr 0.1, seed 2: failed"]


WORDS = ["sweep", "--model", "mlp", "--dataset", "iris", "--lr", "1e-3,1e-2", "--m.hidden", "8x4"]
WORDS += ["--epochs", "2", "--seeds", "2", "--out"]


@pytest.mark.slow
def test_the_command_leaves_a_table_a_picture_and_a_run_for_each_try_and_repeats_none(tmp_path, capsys):
    assert main([*WORDS, str(tmp_path / "sweep")]) == 0
    text = capsys.readouterr().out
    assert "2 settings x 2 seeds = 4 runs" in text
    assert "chosen on the test split, so the best score is optimistic" in text
    with (tmp_path / "sweep" / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["mean"]) for row in rows] == sorted((float(row["mean"]) for row in rows), reverse=True)
    assert {row["lr"] for row in rows} == {"0.001", "0.01"}
    for row in rows:
        scores = [float(each) for each in row["scores"].split()]
        assert float(row["mean"]) == pytest.approx(np.mean(scores), abs=1e-5)
        assert float(row["spread"]) == pytest.approx(np.std(scores, ddof=1), abs=1e-5)
        said = [zoo.load(f"{row['folder']}/seed-{seed}").about["metrics"]["accuracy"] for seed in range(2)]
        assert said == pytest.approx(scores, abs=1e-5)
    assert (tmp_path / "sweep" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    models = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.safetensors")}
    assert len(models) == 4
    assert main([*WORDS, str(tmp_path / "sweep")]) == 0
    assert capsys.readouterr().out.count("done before") == 2
    assert models == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.safetensors")}


@pytest.mark.slow
def test_a_sweep_that_was_killed_goes_on_with_what_was_not_finished(tmp_path):
    out = tmp_path / "sweep"
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    going = subprocess.Popen(
        [sys.executable, "-m", "zoo", *WORDS, str(out)], env=environment, stdout=subprocess.DEVNULL
    )
    done = out / "sweep.jsonl"
    while going.poll() is None and not (done.exists() and done.read_text().count("\n") >= 2):
        time.sleep(0.02)
    going.send_signal(signal.SIGKILL)
    going.wait()
    before = done.read_text()
    with done.open("a") as file:
        file.write('{"recipe": "half a li')
    assert main([*WORDS, str(out)]) == 0
    assert done.read_text().startswith(before)
    whole = [line for line in done.read_text().splitlines() if line.endswith("}")]
    assert len(whole) == 4
    assert len({json.loads(line)["recipe"] for line in whole}) == 4


def test_a_folder_that_holds_something_else_is_refused(tmp_path, capsys):
    (tmp_path / "letter.txt").write_text("dear")
    assert main([*WORDS, str(tmp_path)]) == 2
    assert "is not empty and contains no sweep" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_the_help_tells_how_values_are_separated(capsys):
    assert main(["sweep", "--model", "mlp", "--help"]) == 0
    page = capsys.readouterr().out
    assert "--lr V,V" in page
    assert "--m.hidden 16,128x64" in page
    assert main(["sweep", "--help"]) == 0
    assert "--seeds 3" in capsys.readouterr().out
    assert main(["sweep"]) == 2
    assert main(["sweep", "--model", "mlp", "--lrr", "1,2"]) == 2
    assert "did you mean --lr" in capsys.readouterr().err


def test_a_damaged_byte_in_the_log_spoils_its_own_line_alone(tmp_path):
    log = tmp_path / "sweep.jsonl"
    log.write_bytes(b'{"recipe": "a", "score": 1}\n{"recipe": "b\xff"}\n{"recipe": "c", "score": 3}\n{"rec')
    found = ResultLog(log)
    assert sorted(found.done) == ["a", "c"]
    found.write({"recipe": "d"})
    assert sorted(ResultLog(log).done) == ["a", "c", "d"]


def test_a_second_sweep_in_a_folder_is_refused_while_the_first_runs(tmp_path):
    setting = Setting({}, recipe_for("logistic"))
    (tmp_path / "sweep.jsonl").touch()
    with Lock(tmp_path), pytest.raises(BadInput, match="is in use by process"):
        sweep([setting], [0], tmp_path, RunOptions())


@pytest.mark.parametrize(("vmapped", "of_sweep"), [(False, True), (True, True), (False, False)])
def test_a_sweep_whose_folder_is_deleted_ends_and_makes_nothing_anew(tmp_path, monkeypatch, vmapped, of_sweep):
    folder = tmp_path / "sweep"
    recipe = dataclasses.replace(recipe_for("logistic", "iris"), epochs=2)

    class Deletes(Callback):
        def on_start(self, setup, place):
            self.place = place

        def on_metrics(self, row, fit):
            shutil.rmtree(folder if of_sweep else self.place, ignore_errors=True)

    monkeypatch.setattr("zoo.train.runs.run.extra_callbacks", lambda *_: [Deletes()])
    monkeypatch.setattr("zoo.train.sweeps.vmapped_runs.extra_callbacks", lambda *_: [Deletes()])
    with pytest.raises(RunFailed, match="is no longer there: it was deleted or renamed"):
        sweep([Setting({}, recipe)], [0, 1], folder, RunOptions(quiet=True, pictures=False), vmapped=vmapped)
    assert folder.exists() != of_sweep
    assert not [*folder.rglob("result.json")]
