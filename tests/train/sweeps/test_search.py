"""A search by Optuna continues exactly where it was killed, ends what is worse than the others, and is shared."""

import csv
import dataclasses
import json
import sys
from pathlib import Path

import pytest

from zoo.__main__ import main
from zoo.train import recipe_for
from zoo.train.cli.sweep import search_of
from zoo.train.cli.train_args import resolve_recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput
from zoo.train.sweeps.results import Setting, Stopped

pytestmark = pytest.mark.usefixtures("quick_compiler")
IRIS = resolve_recipe({"model": "mlp", "dataset": "iris"})
OPTIONS = RunOptions(pictures=False, quiet=True)
GIVEN = {"search": "tpe", "trials": 4, "lr": "1e-4..1", "opt": "adam,adamw", "epochs": "4", "val_share": "0.2"}
TWICE = {**GIVEN, "prune": True, "seeds": 2}


def test_a_search_without_optuna_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["sweep", "--model", "mlp", "--dataset", "iris", "--lr", "1e-3..1", "--search", "tpe"]) == 2
    told = capsys.readouterr().err
    assert "--search tpe needs optuna, not installed here: pip install 'neural-network-zoo[sweep]'" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lr", "1e-3,1", "--prune"], "--prune has no effect without --search tpe"),
        (["--lr", "1e-3,1", "--storage", "a.log"], "--storage has no effect without --search tpe"),
        (["--lr", "1e-3..1", "--search", "tpe", "--random", "5"], "exclude each other: --trials N sets N"),
        (["--lr", "1e-3..1"], "give --random N or --search tpe as well"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(words, message, capsys):
    assert main(["sweep", "--model", "mlp", "--dataset", "iris", *words]) == 2
    assert message in capsys.readouterr().err


def searched(folder, given=GIVEN, **hooks):
    from zoo.train.sweeps.search import search

    wanted, seeds = search_of(IRIS, given)
    return search(wanted, seeds, folder, OPTIONS, **hooks)


def logged(folder):
    """The entries of a log without the times."""
    lines = map(json.loads, (folder / "sweep.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    pytest.importorskip("optuna")
    folder = tmp_path_factory.mktemp("whole")
    return searched(folder, TWICE), folder


def test_values_lie_in_their_ranges_and_settings_differ(whole):
    given = [each.setting.given for each in whole[0]]
    assert len({str(each) for each in given}) == 4
    assert all(1e-4 <= each["lr"] <= 1 and each["opt"] in ("adam", "adamw") for each in given)
    assert all(each["lr"] == float(f"{each['lr']:.3g}") for each in given)


def ended_and_continued(folder, given, stops):
    """The results of a search that was ended after each of these numbers of runs, and continued."""

    def interrupt(setting, seed, entry):
        counts.append(seed)
        if len(counts) in stops:
            raise Stopped(15)

    counts = []
    for _ in stops:
        with pytest.raises(Stopped):
            searched(folder, given, on_run=interrupt)
    return searched(folder, given)


def test_a_search_that_was_interrupted_ends_as_if_it_had_not_been(whole, tmp_path):
    found = ended_and_continued(tmp_path, TWICE, (5,))  # in the middle of a setting
    assert logged(tmp_path) == logged(whole[1])
    assert [each.setting for each in found] == [each.setting for each in whole[0]]
    assert [each.scores for each in found] == [each.scores for each in whole[0]]


@pytest.mark.slow
@pytest.mark.expensive
def test_so_does_a_search_in_which_runs_are_pruned_and_a_longer_one_begins_with_it(whole, tmp_path):
    longer = {**TWICE, "trials": 9}
    once, found = searched(tmp_path / "once", longer), ended_and_continued(tmp_path / "thrice", longer, (3, 11))
    assert any(each.pruned for each in once)
    assert [each.scores for each in found] == [each.scores for each in once]
    assert logged(tmp_path / "once") == logged(tmp_path / "thrice")
    before = logged(whole[1])
    assert logged(tmp_path / "once")[: len(before)] == before


def test_a_run_is_pruned_when_it_is_worse_than_the_median_and_its_setting_ranked_behind(tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    from zoo.train.sweeps import report, search

    scores = iter([0.9, 0.8, 0.7, 0.9, 0.8, 0.1, 0.95])
    now = [0.0]

    class Stub(search._Reports):
        def on_start(self, setup, folder):
            super().on_start(setup, folder)
            now[0] = next(scores)

        def on_metrics(self, row, fit):
            return super().on_metrics({**row, "accuracy": now[0]} if row["split"] == "val" else row, fit)

    monkeypatch.setattr(search, "_Reports", Stub)
    found = searched(tmp_path, {**GIVEN, "opt": "adam", "prune": True, "trials": 7})
    assert [each.pruned for each in found] == [False] * 5 + [True, False]
    bad = found[5].runs[0]
    assert bad["curve"] == [0.1], "it ended at the first evaluation after a fifth of the run"
    assert len(found[6].runs[0]["curve"]) == 4
    best = report.ranked([dataclasses.replace(found[5], runs=[{**bad, "score": 1.0}]), *found[:5]])
    assert best[-1].pruned
    assert "pruned" in report.score(best[-1])


@pytest.mark.slow
@pytest.mark.expensive
def test_workers_share_a_storage_and_its_table(tmp_path, capsys):
    pytest.importorskip("optuna")
    words = ["sweep", "--model", "mlp", "--dataset", "iris", "--lr", "1e-3..1", "--m.hidden", "4,8", "--epochs", "2"]
    words += ["--search", "tpe", "--trials", "4", "--storage", str(tmp_path / "shared.log")]
    rows = []
    for worker in ("a", "b"):
        assert main([*words, "--out", str(tmp_path / worker)]) == 0
        with (tmp_path / worker / "sweep.csv").open() as file:
            rows.append(list(csv.DictReader(file)))
    assert rows[0] == rows[1]
    assert len(rows[0]) == 4
    assert not list((tmp_path / "b").glob("*/seed-0")), "the second worker found nothing left to do"
    assert main([*words, "--out", str(tmp_path / "c"), "--trials", "5"]) == 0
    assert len(list((tmp_path / "c").glob("*/seed-0"))) == 1
    capsys.readouterr()
    assert main([*words[:-1], "nothing://host/name", "--out", str(tmp_path / "d")]) == 2
    assert "--storage nothing://host/name cannot be opened" in capsys.readouterr().err


def test_a_storage_in_the_home_folder_is_found_there_and_a_url_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr("zoo.train.sweeps.study.check_optuna", lambda flag: None)
    for given, wanted in (("~/a.log", Path.home() / "a.log"), ("sqlite:///~a.db", "sqlite:///~a.db"), (None, "")):
        assert search_of(IRIS, {**GIVEN, "storage": given})[0].storage == str(wanted)


def test_values_are_choices_or_ranges_and_nothing_or_a_mixture_is_refused():
    pytest.importorskip("optuna")
    from zoo.train.sweeps.study import decode, space

    with pytest.raises(BadInput, match="--search needs several values or a range of a flag"):
        search_of(IRIS, {"search": "tpe", "lr": "0.1"})
    wanted, _ = search_of(IRIS, {"search": "tpe", "m.hidden": "4,8x8", "batch_size": "8..32"})
    whole = space(wanted.values)
    assert whole["m.hidden"].choices == ("4", "8x8")
    assert (whole["batch_size"].low, whole["batch_size"].high, whole["batch_size"].log) == (8, 32, True)
    assert decode(wanted.values, {"m.hidden": "8x8", "batch_size": 9}) == {"m.hidden": (8, 8), "batch_size": 9}
    wanted, _ = search_of(IRIS, {"search": "tpe", "lr": "1e-3..1e-1,1"})
    with pytest.raises(BadInput, match=r"--lr 0.001..0.1,1.0: --search takes one range or several values, not both"):
        space(wanted.values)


@pytest.mark.slow
@pytest.mark.expensive
def test_a_setting_whose_run_fails_is_no_end_of_the_search(tmp_path):
    pytest.importorskip("optuna")
    found = searched(tmp_path, {"search": "tpe", "trials": 3, "lr": "1e30..1e36", "opt": "sgd", "epochs": "2"})
    assert len(found) == 3
    assert all("not finite" in each.runs[0]["failed"] for each in found)
    assert all(isinstance(each.setting, Setting) for each in found)
    assert recipe_for("mlp", "iris").lr != found[0].setting.recipe.lr
