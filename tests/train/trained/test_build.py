"""The outputs that loaded data fix, for the task of the data and for another one."""

from dataclasses import replace

import numpy as np
import pytest

import zoo
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import load_data, source
from zoo.train.trained.build import spec_for


@pytest.mark.parametrize(
    ("dataset", "task", "outputs"),
    [
        ("breast_cancer", "binary", 1),
        ("breast_cancer", "multiclass", 2),
        ("breast_cancer", "topographic_map", 2),
        ("iris", "multiclass", 3),
        ("iris", "topographic_map", 3),
        ("diabetes", "regression", 1),
    ],
)
def test_only_the_task_binary_has_two_classes_by_one_output(dataset, task, outputs):
    assert spec_for(source(dataset), load_data(dataset), task).outputs == outputs


def test_a_map_counts_and_draws_the_examples_of_both_of_two_classes(tmp_path):
    recipe = replace(recipe_for("kohonen", "breast_cancer"), epochs=2, m={"rows": 4, "columns": 4})
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    votes, y = np.asarray(zoo.load(tmp_path / "run").state["votes"]), load_data("breast_cancer").train.y
    np.testing.assert_array_equal(votes.sum(axis=0), np.bincount(y))
    assert result.metrics["accuracy"] > 0.85
    assert (tmp_path / "run" / "plots" / "map.png").exists()


@pytest.mark.parametrize(("features", "drawn"), [(("xy", "x", "y"), True), (("x2", "y2", "xy"), False)])
def test_the_plane_is_drawn_where_its_place_is_among_the_features(features, drawn, tmp_path):
    recipe = replace(recipe_for("logistic", "xor"), epochs=5, d={"features": features, "examples": 100})
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    assert result.metrics["accuracy"] > 0.8
    assert (tmp_path / "run" / "plots" / "surface.png").exists() == drawn
