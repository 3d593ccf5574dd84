"""The errors of copies by length are those of the model, and a limit that is exceeded ends the command with 1."""

from dataclasses import replace

import numpy as np
import pytest

import zoo
from benchmarks import copying
from zoo.train import RunOptions, recipe_for, run
from zoo.train.data.dataset import load_data

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    recipe = replace(recipe_for("ntm"), m={"width": 4, "slots": 5, "word": 3}, d={"examples": 20}, steps=1)
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "ntm", quiet=True, pictures=False)).folder


def test_wrong_bits_are_those_of_unseen_sequences_of_the_length(made):
    data = load_data("copy_bits", options={"shortest": 3, "longest": 3, "examples": 10, "seed": 3}).test
    said = zoo.load(made).predict(data.x[:40])
    wrong = [np.sum(said[row, 5:] != data.y[row, 5:]) for row in range(40)]
    assert copying.wrong_bits(made, 3, 40) == pytest.approx(np.mean(wrong))


def test_an_untrained_model_misses_the_limit_and_the_curve_is_drawn(made, tmp_path, capsys):
    assert copying.main([str(made), "--lengths", "2", "20", "--out", str(tmp_path / "curve.png")]) == 1
    assert "wrong bits at 20 items, above 0.1" in capsys.readouterr().out
    assert (tmp_path / "curve.png").stat().st_size > 3000


def test_limits_hold_at_20_and_40_items():
    assert copying.missed({20: 0.1, 40: 1.0, 120: 300.0}) == []
    assert len(copying.missed({20: 0.2, 40: 1.1})) == 2
