"""A saved model is never scored on examples that it was trained on without a word."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from zoo.__main__ import main
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions

pytestmark = pytest.mark.usefixtures("quick_compiler")


def put(folder, rows, seed=0):
    """Writes random rows with random classes, of which nothing can be learned but by heart."""
    random = np.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    x, y = random.normal(size=(rows, 20)), random.integers(2, size=rows)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return x, y


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("chance")
    put(place / "data", 100)
    recipe = recipe_for("mlp", "npy_table")
    recipe = dataclasses.replace(
        recipe, steps=60, m={"hidden": (32,)}, d={"folder": str(place / "data")}, val_share=0.1
    )
    run(recipe, RunOptions(out=place / "run", quiet=True, pictures=False, ckpt_every="off"))
    return place


def evaluated(capsys, *words):
    assert main(["evaluate", *map(str, words), "--json"]) == 0
    got = capsys.readouterr()
    return json.loads(got.out), got.err


def test_the_same_files_give_the_scores_of_the_run_wherever_they_lie(trained, tmp_path, capsys):
    told = json.loads((trained / "run" / "result.json").read_text())["metrics"]
    shutil.copytree(trained / "data", tmp_path / "moved")
    for words in ((), ("--npy", tmp_path / "moved")):
        found, err = evaluated(capsys, trained / "run", *words)
        assert (found["examples"], err) == (20, "")
        assert found["metrics"]["accuracy"] == told["accuracy"]


def test_files_that_grew_are_told_with_the_reason_why_the_scores_are_too_good(trained, tmp_path, capsys):
    shutil.copytree(trained, tmp_path / "grown")
    x, y = np.load(trained / "data" / "x.npy"), np.load(trained / "data" / "y.npy")
    shutil.move(trained / "data", trained / "kept")
    try:
        (trained / "data").mkdir()
        for name, array in (("x", x), ("y", y)):
            np.save(trained / "data" / f"{name}.npy", np.concatenate([array, array[:10]]))
        found, err = evaluated(capsys, trained / "run")
    finally:
        shutil.rmtree(trained / "data")
        shutil.move(trained / "kept", trained / "data")
    assert "the data are not those of the training" in err
    assert "the scores are too good" in err
    assert any("too good" in each for each in found["notes"])


def test_of_another_folder_the_share_is_told_and_all_of_it_can_be_scored(trained, tmp_path, capsys):
    x, y = put(tmp_path / "new", 50, seed=1)
    found, err = evaluated(capsys, trained / "run", "--npy", tmp_path / "new")
    assert found["examples"] == 10
    assert f"scored are 10 of the 50 examples of {tmp_path / 'new'}, its test split: --all scores all" in err
    assert f"with --npy {tmp_path / 'new'} some of these examples may be among the training examples" in err
    found, err = evaluated(capsys, trained / "run", "--npy", tmp_path / "new", "--all")
    assert found["examples"] == 50
    assert "scored are" not in err
    answers = _answers(trained / "run", x)
    assert found["metrics"]["accuracy"] == pytest.approx(np.mean(answers == y))


def test_all_of_the_own_data_is_told_to_hold_the_training_examples(trained, capsys):
    found, err = evaluated(capsys, trained / "run", "--all")
    assert found["examples"] == 100
    assert "all 100 examples are scored, among them those that the model was trained on" in err
    assert main(["evaluate", str(trained / "run"), "--all"]) == 0
    assert "evaluated on the 100 examples of npy_table" in capsys.readouterr().out


def test_all_of_a_text_is_one_prediction_for_each_character_but_the_first(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("def f(x):\n    return x\n" * 200)
    found, _ = evaluated(capsys, "lstm-text", "--text", tmp_path / "mine.txt", "--all")
    assert found["examples"] == 200 * len("def f(x):\n    return x\n") - 1


def _answers(folder, x):
    import zoo

    return zoo.load(folder).predict(x)
