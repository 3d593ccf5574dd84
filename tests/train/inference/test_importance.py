"""Permutation importance: found by hand for a linear model, seeded, and written by `evaluate --importance`."""

import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import r2_score

from zoo.__main__ import main
from zoo.train.data.dataset import load_data, source
from zoo.train.errors import BadInput
from zoo.train.inference.importance import importance, permuted
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")


def of_two_columns():
    """A linear model of diabetes that reads the third column alone."""
    model = load("linear-diabetes")
    w = jnp.zeros((10, 1)).at[2].set(0.6)
    return replace(model, params={"head": {"w": w, "b": jnp.zeros(1)}})


def test_a_column_that_is_not_read_has_none_and_the_read_one_what_its_permutations_cost():
    model, data = of_two_columns(), load_data("diabetes")
    found = importance(model, source("diabetes"), data, repeats=3)
    rows = {name: (mean, spread) for name, mean, spread in found.columns}
    assert found.columns[0][0] == "bmi"
    assert all(rows[name] == (0, 0) for name in data.features if name != "bmi")
    x, y = data.test[:2]
    falls = []
    for repeat in range(3):
        order = np.argsort(np.random.PCG64((0, 2, repeat)).random_raw(len(x)), kind="stable")
        other = x.copy()
        other[:, 2] = x[order, 2]
        falls.append(r2_score(y, model.predict(x)) - r2_score(y, model.predict(other)))
    assert rows["bmi"] == pytest.approx((np.mean(falls), np.std(falls)), abs=1e-5)


def test_columns_of_a_group_keep_their_rows_together():
    split = load_data("iris").test
    found = permuted(split, [0, 2], (5,)).x
    assert not np.array_equal(found, split.x)
    np.testing.assert_array_equal(found[:, [1, 3]], split.x[:, [1, 3]])
    assert sorted(map(tuple, found[:, [0, 2]])) == sorted(map(tuple, split.x[:, [0, 2]]))


def test_pictures_have_no_columns():
    with pytest.raises(BadInput, match="--importance needs the columns of a table; digits is image data"):
        importance(load("cnn-digits"), source("digits"), load_data("digits"))


def test_evaluate_prints_and_writes_it(tmp_path, capsys):
    words = ["evaluate", "mlp-iris", "--importance", "--repeats", "2", "--out", str(tmp_path / "judged")]
    assert main(words) == 0
    page = capsys.readouterr().out
    assert "fall of accuracy" in page
    assert "mean and spread of 2 permutations" in page
    names = {path.name for path in (tmp_path / "judged").iterdir()}
    assert names == {"confusion.png", "decisions.png", "evaluation.json", "importance.csv", "importance.png"}
    found = json.loads((tmp_path / "judged" / "evaluation.json").read_text())
    assert found["importance"]["columns"][0][0].startswith("petal")
    assert found["baseline"]["name"] == "most frequent class"
    assert main(words) == 0, "an earlier evaluation is replaced"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    assert main([*words[:-1], str(tmp_path / "mine")]) == 2
    assert "holds no evaluation: name a new or an empty folder" in capsys.readouterr().err
