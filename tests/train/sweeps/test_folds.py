"""Cross-validation: every example is tested once, mean and spread over the folds, resumed by the same command."""

import json

import numpy as np
import pytest

from zoo.__main__ import main
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import Dataset, Split, load_data
from zoo.train.data.split import of_fold, parse_fold
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.sweeps.folds import fold_settings, summary
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")
COMMAND = [
    "train",
    "--model",
    "logistic",
    "--dataset",
    "iris",
    "--epochs",
    "1",
    "--folds",
    "3",
    "--no-pictures",
    "--out",
]


def test_every_example_is_tested_once_and_every_fold_has_its_share_of_each_class():
    data = load_data("wine")
    parts = [of_fold(data, "table", f"{i}/3") for i in range(3)]
    whole = np.concatenate([data.train.x, data.test.x])
    tested = np.concatenate([part.test.x for part in parts])
    assert sorted(map(tuple, tested)) == sorted(map(tuple, whole))
    for part in parts:
        assert len(part.train.x) + len(part.test.x) == len(whole)
        assert not {*map(tuple, part.train.x)} & {*map(tuple, part.test.x)}
    counts = np.stack([np.bincount(part.test.y, minlength=3) for part in parts])
    assert np.ptp(counts, axis=0).max() <= 1


def test_five_folds_of_a_data_set_with_folds_are_its_own():
    assert [each.recipe.d["fold"] for each in fold_settings(Recipe("mlp", "iris"), 5)] == [0, 1, 2, 3, 4]
    assert [each.recipe.fold for each in fold_settings(Recipe("mlp", "circle"), 2)] == ["0/2", "1/2"]


def test_the_spread_is_the_standard_deviation_of_the_scores_that_every_fold_has():
    found = summary([{"metrics": {"a": 1.0, "b": 2.0, "step": 3}}, {"metrics": {"a": 3.0}, "measures": {"b": None}}])
    assert found == {"a": {"mean": 2.0, "spread": pytest.approx(np.std([1, 3], ddof=1))}}


@pytest.mark.parametrize("text", ["5/5", "1", "a/b", "0/1", "-1/5"])
def test_what_is_no_fold_is_refused(text):
    with pytest.raises(BadInput, match=f"--fold {text}: expected a fold of several"):
        parse_fold(text)


def test_what_cannot_be_folded_is_refused(capsys):
    assert main(["train", "--model", "rnn", "--dataset", "sine", "--folds", "3"]) == 2
    assert "--folds 3: sine is series data, whose test split comes after" in capsys.readouterr().err
    assert main([*COMMAND[:-1], "--fold", "0/3"]) == 2
    assert "cannot be combined with --fold 0/3" in capsys.readouterr().err
    few = Split(np.zeros((2, 1)), np.zeros(2, np.int32))
    with pytest.raises(BadInput, match="few has 4 examples, fewer than folds"):
        of_fold(Dataset("few", "multiclass", few, few), "table", "0/9")


def test_a_cross_validation_reports_every_fold_and_the_same_command_continues_it(tmp_path, capsys):
    assert main([*COMMAND, str(tmp_path / "folds")]) == 0
    page = capsys.readouterr().out
    assert "spread" in page
    found = json.loads((tmp_path / "folds" / "folds.json").read_text())
    scores = [each["accuracy"] for each in found["folds"]]
    assert found["scores"]["accuracy"]["mean"] == pytest.approx(np.mean(scores))
    assert [each["baseline"] for each in found["folds"]] == pytest.approx([1 / 3] * 3, abs=0.03)
    again = evaluate(load(found["folds"][1]["run"]))
    assert again.metrics["accuracy"] == scores[1], "a model is scored on its own fold"
    lines = (tmp_path / "folds" / "sweep.jsonl").read_text().splitlines()
    (tmp_path / "folds" / "sweep.jsonl").write_text(lines[0] + "\n" + lines[1] + "\n")
    assert main([*COMMAND, str(tmp_path / "folds")]) == 0
    assert capsys.readouterr().out.count("done before") == 2
    assert json.loads((tmp_path / "folds" / "folds.json").read_text()) == found
