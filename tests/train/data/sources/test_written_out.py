"""The bundled tables, written out as CSV files, give the scores of the bundled sets."""

import csv
from dataclasses import replace

import pytest

from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import load_data

pytestmark = pytest.mark.usefixtures("quick_compiler")
QUIET = {"quiet": True, "pictures": False}


def written(path, split, data):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"x{i}" for i in range(split.x.shape[1])), "target"])
        for x, y in zip(split.x, split.y, strict=True):
            writer.writerow([*map(repr, x.tolist()), int(y) if data.classes else repr(float(y))])
    return str(path)


@pytest.mark.parametrize(
    ("name", "model", "headline"),
    [
        ("iris", "mlp", "accuracy"),
        pytest.param("wine", "mlp", "accuracy", marks=pytest.mark.expensive),
        pytest.param("breast_cancer", "mlp", "accuracy", marks=pytest.mark.expensive),
        ("diabetes", "linear", "r2"),
    ],
)
def test_a_bundled_table_that_is_written_out_gives_the_same_scores(tmp_path, name, model, headline):
    recipe, data = recipe_for(model, name), load_data(name)
    files = {
        "file": written(tmp_path / "train.csv", data.train, data),
        "test_file": written(tmp_path / "test.csv", data.test, data),
    }
    kind = "table" if data.classes else "table_values"
    recipe = replace(recipe, epochs=8, steps=None, expect=None)
    own = replace(recipe, dataset=kind, d={**files, "target": "target"})
    (one, metrics), (other, again) = (
        (result.setup.data, result.metrics)
        for result in (run(each, RunOptions(out=tmp_path / f"run{i}", **QUIET)) for i, each in enumerate((recipe, own)))
    )
    assert one.train.x.shape == other.train.x.shape
    assert metrics[headline] == pytest.approx(again[headline], abs=2e-3)
    assert metrics["loss"] == pytest.approx(again["loss"], rel=2e-3)
