"""No run ends well without a model and finite scores; numbers that are not finite are refused where they enter."""

import dataclasses
import json
import math

import numpy as np
import pytest

from zoo.__main__ import main
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Dataset, Split, load_data
from zoo.train.engine.evaluate import Evaluator
from zoo.train.errors import BadInput, RunFailed
from zoo.train.pipeline.splits import preprocessed
from zoo.train.runs.metrics_log import MetricsLog
from zoo.train.runs.result import Result, checked, completed, finish
from zoo.train.runs.setup import setup

pytestmark = pytest.mark.usefixtures("quick_compiler")
SHORT = dataclasses.replace(recipe_for("mlp", "iris"), steps=16, m={"hidden": (4,)})
QUIET = RunOptions(quiet=True, pictures=False, ckpt_every="off")


@pytest.mark.parametrize(("split", "part"), [("test", "x"), ("val", "x"), ("train", "x"), ("val", "y"), ("test", "y")])
def test_a_number_that_is_not_finite_in_any_split_is_refused_with_its_row(split, part):
    clean = Split(np.zeros((6, 2)), np.zeros(6))
    array = getattr(clean, part).copy()
    array[(4, 1)[: array.ndim]] = -np.inf
    splits = dict.fromkeys(("train", "val", "test"), clean) | {split: clean._replace(**{part: array})}
    data = Dataset("mine", "regression", splits["train"], splits["test"])
    with pytest.raises(BadInput, match=rf"mine, split {split}: {part}, row 4.* expected finite numbers, found -inf"):
        preprocessed(data, splits["train"], splits["val"])


@pytest.mark.parametrize("end", ["", "_test"])
def test_the_command_line_refuses_nan_in_a_file_before_it_makes_a_folder(tmp_path, capsys, end):
    for name in ("", "_test"):
        np.save(tmp_path / f"x{name}.npy", np.ones((40, 3)))
        np.save(tmp_path / f"y{name}.npy", np.arange(40) % 2)
    bad = np.ones((40, 3))
    bad[31, 2] = np.nan
    np.save(tmp_path / f"x{end}.npy", bad)
    words = ["train", "--model", "mlp", "--npy", str(tmp_path), "--epochs", "1", "--out", str(tmp_path / "run")]
    assert main(words) == 2
    assert f"x{end}.npy, row 31, column 2 (both counted from 0)" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def _scores(value):
    """Returns an evaluation whose loss has a value."""
    usual = Evaluator.__call__
    return lambda self, *arguments: usual(self, *arguments) | {"loss": value}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_run_whose_scores_are_never_finite_fails_and_leaves_no_result(tmp_path, monkeypatch, value):
    monkeypatch.setattr(Evaluator, "__call__", _scores(value))
    with pytest.raises(RunFailed, match=rf"no model was saved, .* not finite: loss {value} at step 16"):
        run(SHORT, dataclasses.replace(QUIET, out=tmp_path / "run"))
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert not (tmp_path / "run" / "result.json").exists()
    rows = [_strictly(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert (rows[-1]["loss"], rows[-1]["not_finite"]) == (None, {"loss": str(value)})


def test_a_saved_model_whose_test_scores_are_not_finite_ends_the_run_with_an_error(tmp_path):
    row = {"split": "test", "step": 3, "loss": 0.5, "accuracy": math.nan}
    parts = setup(SHORT)
    with pytest.raises(RunFailed, match="the saved model has scores that are not finite: accuracy nan at step 3"):
        checked(Result(tmp_path, row, [row], 1.0, parts))
    checked(Result(tmp_path, row | {"accuracy": 0.0, "other": math.inf}, [row], 1.0, parts))


def test_infinite_scores_are_null_and_a_word_in_the_files_and_are_read_back(tmp_path):
    parts, row = setup(SHORT), {"split": "test", "step": 1, "loss": 0.25, "perplexity": math.inf}
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.on_metrics(row, {})
    scores = {"classes": {"f1": np.array([0.5, math.nan])}}
    finish(Result(tmp_path, row, [row], 1.0, parts, scores), pictures=False)
    found = _strictly((tmp_path / "result.json").read_text())
    assert found["metrics"] == row | {"perplexity": None}
    assert found["classes"] == {"f1": [0.5, None]}
    assert found["not_finite"] == {"metrics.perplexity": "inf", "classes.f1.1": "nan"}
    again = MetricsLog(tmp_path / "metrics.jsonl")
    again.load_state_dict(log.state_dict())
    assert again.rows == [row]
    read = completed(tmp_path, parts, QUIET)
    assert (read.metrics, read.rows, read.scores) == (row, [row], {"classes": {"f1": [0.5, None]}})


def test_accumulating_more_steps_than_the_run_has_is_refused():
    with pytest.raises(BadInput, match=r"--accumulate 1000: the run has 16 steps, .* never be updated; take 16"):
        setup(dataclasses.replace(SHORT, accumulate=1000))
    setup(dataclasses.replace(SHORT, accumulate=16))


def test_the_steps_that_no_update_uses_are_told(tmp_path, capsys):
    run(dataclasses.replace(SHORT, accumulate=3, epochs=1, steps=None), RunOptions(out=tmp_path / "r", pictures=False))
    assert "the last 2 of 8 steps change nothing: an update takes the gradients of 3 steps" in capsys.readouterr().out
    run(dataclasses.replace(SHORT, accumulate=4), RunOptions(out=tmp_path / "s", pictures=False))
    assert "change nothing" not in capsys.readouterr().out


def test_the_data_of_the_zoo_pass_the_check():
    data = load_data("iris")
    assert set(preprocessed(data, data.train, None)) == {"train", "test"}


def _strictly(text):
    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)
