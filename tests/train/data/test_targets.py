"""Targets of arrays: what they are taken for is told with its counts, and task or data set decide instead."""

from itertools import pairwise

import numpy as np
import pytest

from zoo.train.cli.shorthands import expand_shorthands
from zoo.train.data.dataset import Dataset, Split, load_data
from zoo.train.data.targets import check_targets, class_notes
from zoo.train.errors import BadInput
from zoo.train.tasks import targets

X = np.random.default_rng(0).normal(size=(60, 3))
CLASS = np.arange(60) % 3


def folder(tmp_path, y):
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", y)
    return str(tmp_path)


def loaded(tmp_path, y, *words):
    """Loads arrays as the command line does, and checks them as a run does."""
    found = expand_shorthands(["--npy", folder(tmp_path, y), *words])
    data = load_data(found[found.index("--dataset") + 1], options={"folder": str(tmp_path)})
    check_targets(data, dict(pairwise(words)).get("--task", ""), targets)
    return data


def everything(data):
    return np.concatenate([data.train.y, data.test.y])


@pytest.mark.parametrize(
    ("y", "note"),
    [
        (CLASS, "3 classes, 0 to 2 (20, 20, 20 examples); to predict numbers instead, --task regression or --dataset"),
        (CLASS > 0, "2 classes, 0 to 1 (20, 40 examples)"),
        (np.eye(3, dtype=np.uint8)[CLASS], "3 classes from one-hot rows, 0 to 2 (20, 20, 20 examples)"),
        (2 * CLASS, "5 classes, 0 to 4, 3 of them used (20, 20, 20 examples)"),
        (np.arange(60) % 9, "9 classes, 0 to 8 (7, 7, 7, 7, 7, 7, 6, 6, ... examples)"),
        (CLASS.astype(float), "a number to predict per example, from 0 to 2; if they are classes, --task multiclass"),
        (np.eye(3)[CLASS], "3 numbers to predict per example, from 0 to 1; if they are classes, --task multiclass"),
        (CLASS + 0.25, "a number to predict per example, from 0.25 to 2.25"),
    ],
)
def test_the_guess_is_told_with_its_counts(tmp_path, y, note):
    kind, told = loaded(tmp_path, y).notes
    assert kind == f"{tmp_path / 'x.npy'}: rows of a table with 3 features"
    assert told.startswith(f"{tmp_path / 'y.npy'}: {note}")
    assert ("multiclass" in told) == ("multiclass" in note)


@pytest.mark.parametrize("words", [("--task", "regression"), ("--dataset", "npy_table_values")])
def test_integers_are_numbers_if_task_or_data_set_says_so(tmp_path, words):
    prices = 447_000 + 10 * np.arange(60)
    data = loaded(tmp_path, prices, *words)
    assert (data.task, data.outputs) == ("regression", 1)
    np.testing.assert_array_equal(np.sort(everything(data)), prices)


@pytest.mark.parametrize("words", [("--task", "multiclass"), ("--task=multiclass",), ("--dataset", "npy_table")])
@pytest.mark.parametrize("y", [CLASS.astype(np.float32), np.eye(3)[CLASS], CLASS.astype(">f8")])
def test_whole_floats_and_one_hot_rows_are_classes_if_task_or_data_set_says_so(tmp_path, words, y):
    data = loaded(tmp_path, y, *words)
    assert (data.task, data.classes) == ("multiclass", ("0", "1", "2"))
    assert everything(data).dtype == np.int32
    assert np.bincount(everything(data)).tolist() == [20, 20, 20]


def test_floats_that_are_no_classes_are_refused_with_row_and_cure(tmp_path):
    with pytest.raises(BadInput, match=r"y.npy, row 7 .* is 0\.5: .*--task regression or --dataset npy_table_values"):
        loaded(tmp_path, np.where(np.arange(60) == 7, 0.5, CLASS), "--task", "multiclass")


@pytest.mark.parametrize("y", [np.arange(60), 1000 * CLASS, np.arange(60) // 1.5 * 3])
def test_more_classes_than_the_examples_can_tell_apart_are_refused_with_the_flag_that_decides(tmp_path, y):
    y = y.astype(np.int64)
    with pytest.raises(BadInput, match=r"classes, of which .* for 60 examples.*--task regression or --dataset"):
        loaded(tmp_path, y)
    assert loaded(tmp_path, y, "--task", "multiclass").outputs == y.max() + 1
    (tmp_path / "classes.txt").write_text("\n".join(f"class {i}" for i in range(y.max() + 1)))
    assert loaded(tmp_path, y).outputs == y.max() + 1


@pytest.mark.parametrize(
    ("task", "name", "y", "message"),
    [
        ("regression", "npy_table", CLASS, "needs numbers .*--dataset npy_table_values"),
        ("multiclass", "npy_table_values", CLASS, "needs classes .*--dataset npy_table"),
        ("multilabel", "npy_table_values", CLASS, "--task multilabel needs labels as targets"),
    ],
)
def test_a_task_and_a_data_set_that_contradict_each_other_are_refused(tmp_path, task, name, y, message):
    with pytest.raises(BadInput, match=message):
        check_targets(load_data(name, options={"folder": folder(tmp_path, y)}), task, targets)


def test_classes_without_training_examples_and_with_one_alone_are_named():
    train, test = (Split(np.zeros((len(y), 1)), np.array(y, np.int32)) for y in ([0, 0, 1, 4], [0, 2, 4]))
    data = Dataset("pets", "multiclass", train, test, ("ant", "bee", "cat", "dog", "eel"))
    missing, lone = class_notes(data, train)
    assert missing.startswith("each of the 2 classes cat, dog has no training example")
    assert lone.startswith("class bee has a single example: it is for training")
    assert class_notes(data, train, Split(test.x[:1], np.array([1], np.int32))) == [missing]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_every_class_keeps_a_training_example_whatever_the_share(tmp_path, share):
    y = np.r_[np.zeros(40, int), np.repeat(np.arange(1, 9), 2), 9, 10, 11, 12]
    data = load_data("npy_table", options={"folder": folder(tmp_path, y), "test_share": share})
    assert set(data.train.y) == set(range(13))
    assert len(data.test.y) == round(share * 60)
