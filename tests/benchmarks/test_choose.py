"""The choice of settings: inside the training folds, by the last epoch, with one look at each test fold."""

import json

import pytest

from benchmarks import choose
from zoo.train.sweeps.results import SettingResult

CHOICE = choose.Choice("logistic", "iris", {"lr": "0.01,0.03,0.1"})


def sweep_of(inner, outer, asked):
    """Returns a sweep whose scores on held out examples are `inner(lr, fold, seed)`, on the test fold `outer(lr)`."""

    def sweep(settings, seeds, folder, options):
        found = []
        for setting in settings:
            recipe, place = setting.recipe, folder / str(setting.recipe.lr)
            asked.append((recipe.d["fold"], recipe.val_share, recipe.lr, tuple(seeds)))
            for seed in seeds:
                (place / f"seed-{seed}").mkdir(parents=True)
                score = inner(recipe.lr, recipe.d["fold"], seed)
                rows = [("val", 1.0), ("val", score), ("test", 0.99)]  # early in the run all are perfect
                lines = [json.dumps({"split": split, "accuracy": value}) for split, value in rows]
                (place / f"seed-{seed}" / "metrics.jsonl").write_text("\n".join(lines))
            run = {"metric": "accuracy", "higher": True, "score": 1.0, "test": outer(recipe.lr), "failed": ""}
            found.append(SettingResult(setting, [run], place))
        return found

    return sweep


def test_each_fold_chooses_by_the_last_epoch_of_inner_runs_and_looks_at_its_test_fold_once(tmp_path, monkeypatch):
    asked = []

    def inner(lr, fold, seed):
        return {0.01: 0.7, 0.03: 0.8, 0.1: 0.85 if fold == 4 else 0.6}[lr] + (0.1 if seed else -0.1)

    monkeypatch.setattr(choose, "sweep", sweep_of(inner, lambda lr: 10 * lr, asked))
    found = choose.nested(CHOICE, range(2), tmp_path)
    assert found.settings == ["lr 0.01", "lr 0.03", "lr 0.1"]
    assert found.chosen == [1, 1, 1, 1, 2]
    assert found.outer == pytest.approx([0.3, 0.3, 0.3, 0.3, 1.0])
    assert found.inner[4] == pytest.approx([0.7, 0.8, 0.85])
    assert (found.best, found.now) == (1, 1)  # 0.8 on average beside 0.7 and 0.65; the recipe has 0.03
    looks = [each for each in asked if not each[1]]
    assert looks == [(fold, 0, lr, (fold,)) for fold, lr in enumerate((0.03, 0.03, 0.03, 0.03, 0.1))]
    assert {each[1:2] + each[3:] for each in asked if each[1]} == {(0.2, (0, 1))}


def test_a_recipe_with_other_settings_than_the_best_is_told_and_fails_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(choose, "CHOICES", (CHOICE,))
    monkeypatch.setattr(choose, "sweep", sweep_of(lambda lr, fold, seed: lr, lambda lr: lr, []))
    kept = tmp_path / "kept.json"
    assert choose.main(["--seeds", "1", "--out", str(tmp_path / "runs"), "--kept", str(kept)]) == 1
    told = capsys.readouterr().out
    assert "best by the mean: lr 0.1 (the recipe has lr 0.03); chosen: lr 0.1 (5 of 5 folds)" in told
    assert "| logistic on iris | `lr` 0.01, 0.03, 0.1 | lr 0.1 | 5 of 5 folds | accuracy 0.1000 (0.1000 to" in told
    assert json.loads(kept.read_text())["logistic on iris"]["best"] == 2


def test_every_grid_contains_the_recipe_as_it_is():
    assert {choice.name: choose.as_it_is(choice) for choice in choose.CHOICES if choose.as_it_is(choice) < 0} == {}


def test_every_recipe_has_the_settings_that_were_chosen():
    kept = json.loads(choose.KEPT.read_text())
    now = {choice.name: choose.as_it_is(choice) for choice in choose.CHOICES}
    assert now == {name: each["best"] for name, each in kept.items()}
