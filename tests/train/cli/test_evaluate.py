"""`python -m zoo evaluate RUN`: the figures of the run once more, or those on another set."""

import dataclasses
import json

import pytest

from zoo.__main__ import main
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")


def command(capsys, *words):
    code = main(["evaluate", *words])
    got = capsys.readouterr()
    return code, got.out, got.err


@pytest.mark.parametrize(
    ("model", "dataset", "changes"),
    [
        ("mlp", "iris", {"epochs": 4, "patience": 2, "label_smoothing": 0.1}),
        pytest.param("linear", "diabetes", {"steps": 5, "d": {"fold": 3}}, marks=pytest.mark.expensive),
        ("rnn", "future", {"steps": 3, "m": {"width": 4}, "d": {"examples": 100, "steps": 8}}),
        pytest.param("markov", "text", {"m": {"n": 2}}, marks=pytest.mark.expensive),
        pytest.param(
            *("rnn", "sine", {"steps": 3, "m": {"width": 4}, "d": {"steps": 300, "relative": True}}),
            marks=pytest.mark.expensive,
        ),
    ],
)
def test_the_metrics_equal_those_of_the_run_exactly(tmp_path, capsys, model, dataset, changes):
    recipe = dataclasses.replace(recipe_for(model, dataset), **changes)
    folder = run(recipe, RunOptions(out=tmp_path / "run", quiet=True)).folder
    told = json.loads((folder / "result.json").read_text())
    code, out, err = command(capsys, str(folder), "--json")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert said["metrics"] == {name: told["metrics"][name] for name in said["metrics"]}
    assert set(told["metrics"]) - set(said["metrics"]) == {"step", "epoch"}
    for name in ("classes", "confusion", "r2", "rmse", "mae"):
        assert said.get(name) == told.get(name)


def test_a_table_of_metrics_and_of_classes_is_printed(capsys):
    code, page, _ = command(capsys, "mlp-iris")
    assert code == 0
    assert "evaluated on the 30 test examples of iris" in page
    assert all(word in page for word in ("accuracy", "loss", "versicolor", "recall", "support"))


def test_another_data_set_of_the_same_form_is_evaluated_with_a_note_on_the_difference(capsys):
    code, page, err = command(capsys, "gru-sine", "--dataset", "mackey_glass", "--d.steps", "600")
    assert code == 0
    assert "evaluated on the 105 test examples of mackey_glass" in page
    assert "the columns of mackey_glass are x, those of the training value" in err


def test_a_note_states_that_other_folds_may_contain_training_examples(capsys):
    code, _, err = command(capsys, "mlp-iris", "--d.fold", "1")
    assert code == 0
    assert "with --d.fold 1 some of these examples may be among the training examples of the model" in err


def test_a_text_file_is_evaluated_with_the_vocabulary_of_the_model(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("def f(x):\n    return x\n" * 200)
    code, out, _ = command(capsys, "lstm-text", "--text", str(tmp_path / "mine.txt"), "--json")
    assert code == 0
    assert 0 < json.loads(out)["metrics"]["bpc"] < 3
    (tmp_path / "mine.txt").write_text("été\n" * 2000)
    code, _, err = command(capsys, "lstm-text", "--text", str(tmp_path / "mine.txt"))
    assert code == 2
    assert "text, in the last tenth, the test text: the character 'é'" in err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "no run given: usage: python -m zoo evaluate RUN"),
        (
            ("mlp-iris", "--dataset", "digits"),
            2,
            "an example of digits has shape 8x8x1; mlp, trained on iris, reads 4",
        ),
        (("mlp-iris", "--dataset", "diabetes"), 2, "diabetes is a regression task, mlp was trained for multiclass"),
        (("mlp-iris", "--dataset", "irsi"), 2, "did you mean iris?"),
        (("mlp-iris", "--fold", "1"), 2, "did you mean --d.fold?"),
        (("mlp-iris", "--d.fold", "9"), 2, "fold"),
        (("nothing",), 3, "no model at nothing"),
        (("mlp-iris", "more"), 2, "unexpected 'more'"),
    ],
)
def test_bad_input_is_rejected(capsys, words, code, message):
    got, out, err = command(capsys, *words)
    assert (got, out) == (code, "")
    assert message in err


def test_help_lists_the_options_of_the_data_set_of_the_run(capsys):
    assert "--dataset" in command(capsys, "--help")[1]
    assert "--d.fold" in command(capsys, "mlp-iris", "--help")[1]


def test_evaluation_from_python_is_a_function():
    result = evaluate(load("linear-diabetes"))
    assert result.metrics["r2"] == pytest.approx(result.details["r2"], abs=1e-4)
