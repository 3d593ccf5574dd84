"""A run on a table of one's own: raw rows are predicted by the columns' names, and exports describe the columns."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from tests.train.inference.same_answers import of_table
from zoo.__main__ import main
from zoo.train import RunOptions, run
from zoo.train.data.dataset import source
from zoo.train.data.tables.encoder import TableEncoder
from zoo.train.errors import BadInput, CheckpointUnusable
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.inference.export.answer import answer, description
from zoo.train.inference.importance import importance
from zoo.train.trained.file import read_model, serialize
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of a run of three steps, its test file, and its result."""
    folder = tmp_path_factory.mktemp("table")
    recipe, files = of_table("owner", "table", folder)
    options = RunOptions(out=folder / "run", quiet=True, pictures=False, ckpt_every="off")
    result = run(replace(recipe, steps=3, val_share=0.2), options)
    return folder / "run", *files(None), result


def predicted(capsys, *words):
    code = main(["predict", *map(str, words)])
    got = capsys.readouterr()
    return code, got.out, got.err


def test_predictions_for_the_test_file_are_those_that_were_scored(trained, capsys, tmp_path):
    folder, test, result = trained
    code, _, err = predicted(capsys, folder, test, "--out", tmp_path / "said.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "said.csv").read_text())))
    given = list(csv.DictReader(io.StringIO(test.read_text()), delimiter=";"))
    assert code == 0
    assert "column 'age': " in err
    assert [row["row"] for row in rows] == [row["row"] for row in given]  # the rows' own identifiers
    accuracy = np.mean([a["class"] == b["owner"] for a, b in zip(rows, given, strict=True)])
    assert accuracy == pytest.approx(result.metrics["accuracy"])
    assert evaluate(load(folder)).metrics == {name: result.metrics[name] for name in ("loss", "accuracy")}
    assert all(float(row["p(no)"]) + float(row["p(yes)"]) == pytest.approx(1) for row in rows)
    loss = np.mean([-np.log(float(a[f"p({b['owner']})"])) for a, b in zip(rows, given, strict=True)])
    assert loss == pytest.approx(result.metrics["loss"], rel=1e-5)


def test_shuffled_and_further_columns_give_the_same_bits_and_missing_ones_are_refused(trained, capsys, tmp_path):
    folder, test, _ = trained
    _, before, _ = predicted(capsys, folder, test, "--json")
    rows = list(csv.DictReader(io.StringIO(test.read_text()), delimiter=";"))
    names = [*sorted(set(rows[0]) - {"owner"}), "mood"]
    lines = [";".join(names), *(";".join(row.get(name, "x") for name in names) for row in rows)]
    (tmp_path / "new.csv").write_text("\n".join(lines))
    code, out, err = predicted(capsys, folder, tmp_path / "new.csv", "--json")
    assert code == 0
    assert "columns that the model does not read: mood\n" in err
    here, there = ([each["probabilities"] for each in json.loads(text)["predictions"]] for text in (out, before))
    assert here == there
    (tmp_path / "less.csv").write_text("age;row\n30;r1\n")
    code, _, err = predicted(capsys, folder, tmp_path / "less.csv")
    assert code == 2
    assert "less.csv: there is no column 'job' and 4 more; expected are age, job, since, a, b, price" in err
    (tmp_path / "odd.csv").write_text(test.read_text().replace("yes", "maybe", 1).replace("31", "old", 1))
    code, _, err = predicted(capsys, folder, tmp_path / "odd.csv")
    assert code == 2
    assert "odd.csv, line " in err
    assert "'old' is not a number" in err or "'maybe' is not yes or no" in err


def test_another_file_is_scored_by_the_encoder_of_the_model(trained, tmp_path, capsys):
    folder, test, result = trained
    assert main(["evaluate", str(folder), "--csv", str(test), "--all", "--d.test-file", "", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["examples"], found["class_names"]) == (21, ["no", "yes"])
    assert found["metrics"]["accuracy"] == pytest.approx(result.metrics["accuracy"])
    some = test.read_text().splitlines()[:4]  # too few rows to find anything in them
    (tmp_path / "few.csv").write_text("\n".join(some) + "\n")
    assert main(["evaluate", str(folder), "--csv", str(tmp_path / "few.csv"), "--all", "--d.test-file", ""]) == 0


def test_a_model_of_a_table_describes_its_columns_and_exports_do(trained):
    folder, _, result = trained
    model = load(folder)
    data = result.setup.data
    assert model.encoder == data.encoder
    assert model.encoder.ignored == {"row": "40 different texts in 40 rows", "owner": "the target"}
    about = description(model)
    assert (about["features"], about["input"]["shape"]) == (list(data.features), ["batch", len(data.features)])
    assert TableEncoder.from_json(about["table"]) == model.encoder
    shares = np.asarray(answer(model)(data.test.x))
    np.testing.assert_allclose(shares, model.probabilities(data.test.x), atol=1e-6)


def test_a_damaged_description_of_the_columns_is_refused(trained, tmp_path):
    folder, _, _ = trained
    tensors, about = read_model(folder / "model.safetensors")
    about["table"]["columns"][0]["scale"] = ["wide"]
    path = tmp_path / "model.safetensors"
    path.write_bytes(serialize(tensors, {name: value for name, value in about.items() if name != "sha256"}))
    with pytest.raises(CheckpointUnusable, match="`table` must be the columns of a table"):
        load(path)


def test_resume_finds_the_files_of_the_table(trained, tmp_path, monkeypatch):
    from zoo.train.cli.train_args import read

    folder, test, _ = trained
    monkeypatch.chdir(tmp_path)
    assert read(["--resume", str(folder)], "train").recipe.d["test_file"] == str(test)
    with pytest.raises(BadInput, match="leave one of them out"):
        read(["--model", "mlp", "--csv", str(test), "--target", "owner", "--column", "age"], "train")


def test_the_importance_of_a_column_permutes_its_raw_cells_and_so_all_its_features(trained):
    """The cells of the file are permuted by hand, and encoded and scored anew."""
    folder, test, result = trained
    model, data = load(folder), result.setup.data
    found = importance(model, source("table"), data, repeats=2)
    rows = list(csv.DictReader(io.StringIO(test.read_text()), delimiter=";"))
    encoder = model.encoder
    assert encoder is not None
    names = [column.name for column in encoder.columns]
    assert sorted(row[0] for row in found.columns) == sorted(names)
    assert len(data.features) > len(names)

    def accuracy(table):
        right = np.array([row["owner"] for row in rows])
        return np.mean(model.predict(encoder.transform(table)) == right)

    for name, fall, _ in found.columns:
        falls, table = [], {each: [row[each].replace(",", ".") for row in rows] for each in names}
        for repeat in range(2):
            order = np.argsort(np.random.PCG64((0, names.index(name), repeat)).random_raw(len(rows)), kind="stable")
            falls.append(accuracy(table) - accuracy({**table, name: [table[name][i] for i in order]}))
        assert fall == pytest.approx(np.mean(falls), abs=1e-6)
