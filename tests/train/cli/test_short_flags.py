"""Flags that are short for others: a text or a table of one's own."""

import numpy as np
import pytest

from zoo.train.__main__ import main
from zoo.train.cli.shorthands import expand_shorthands
from zoo.train.cli.train_args import Command, read
from zoo.train.errors import BadInput


def recipe(*words):
    found = read(words, "train")
    assert isinstance(found, Command)
    return found.recipe


def test_text_is_short_for_the_data_set_text_and_its_file():
    for words in (("--text", "my.txt"), ("--text=my.txt",)):
        mine = recipe("--model", "lstm", *words, "--d.window", "32")
        assert (mine.dataset, mine.d["file"], mine.d["window"]) == ("text", "my.txt", 32)
    assert recipe("--model", "lstm", "--dataset", "text", "--text", "a=b.txt").d["file"] == "a=b.txt"


def test_csv_is_short_for_the_data_set_csv_and_its_file():
    assert expand_shorthands(["--csv=prices.csv", "--column", "close", "--horizon", "7"]) == [
        *("--dataset", "csv", "--d.file", "prices.csv"),
        *("--d.column", "close", "--d.horizon", "7"),
    ]


@pytest.fixture
def bank(tmp_path):
    (tmp_path / "bank.csv").write_text("age,balance,loan\n30,1.5,no\n40,2.5,yes\n50,3.5,no\n")
    return str(tmp_path / "bank.csv")


def test_a_target_makes_the_csv_file_a_table_whose_cells_or_task_decide_what_it_holds(bank):
    for words in (("--csv", bank, "--target", "loan"), (f"--csv={bank}", "--target=loan", "--test-csv=t.csv")):
        mine = recipe("--model", "mlp", *words)
        assert (mine.dataset, mine.d["file"], mine.d["target"]) == ("table", bank, "loan")
    assert mine.d["test_file"] == "t.csv"
    assert recipe("--model", "linear", "--csv", bank, "--target", "age,balance").dataset == "table_values"
    assert recipe("--model", "mlp", "--csv", bank, "--target", "age", "--task", "regression").dataset == "table_values"
    assert recipe("--model", "mlp", "--csv", bank, "--target", "loan", "--task=multilabel").dataset == "table_labels"
    named = ("--dataset", "table_values", "--csv", bank, "--target", "loan")
    assert recipe("--model", "mlp", *named).dataset == "table_values"
    for model in ("kohonen", "autoencoder"):  # they learn without a target, and may have one
        assert recipe("--model", model, "--csv", bank).dataset == "table_rows"
        assert recipe("--model", model, "--csv", bank, "--target", "loan").dataset == "table"
    assert expand_shorthands(["run", "--csv", bank], "table_values")[1:3] == ["--dataset", "table_values"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mlp",), "a table of examples for mlp: add --target with the column to predict, one of age, balance, loan"),
        (("mlp", "--column", "age"), r"--column is for a series to forecast, mlp reads .*give --target NAME instead"),
        (("lstm", "--target", "age"), r"--target is for a table of examples, lstm reads .*give --column NAME instead"),
        (("mlp", "--target", "age", "--column", "age"), "leave one of them out"),
        (("mlp", "--target", "lone"), "has no column 'lone'; did you mean loan"),
        (("linear", "--target", "loan"), "To take the target as numbers: --task regression or --dataset table_values"),
        (("mlp", "--target", "loan", "--dataset", "iris"), "cannot be combined with iris"),
    ],
)
def test_a_csv_file_that_does_not_suit_the_model_is_refused_with_the_flag_to_give(bank, words, message):
    with pytest.raises(BadInput, match=message):
        recipe("--model", words[0], "--csv", bank, *words[1:])


def test_images_is_short_for_the_data_set_images_and_its_folder():
    assert expand_shorthands(["--images", "photos"]) == ["--dataset", "images", "--d.folder", "photos"]
    mine = recipe("--model", "cnn", "--images=photos", "--d.size", "64")
    assert (mine.dataset, mine.d["folder"], mine.d["size"]) == ("images", "photos", 64)


def test_task_data_set_and_a_trained_model_decide_what_arrays_hold(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 2)))
    np.save(tmp_path / "y.npy", np.arange(4))
    npy, values = ("--npy", str(tmp_path)), ("--dataset", "npy_table_values")
    assert recipe("--model", "mlp", *npy).dataset == "npy_table"
    for words in (("--task", "regression"), ("--task=regression",), values, ("--dataset=npy_table_values",)):
        for ordered in ((*npy, *words), (*words, *npy)):
            mine = recipe("--model", "linear", *ordered)
            assert (mine.dataset, mine.d["folder"]) == ("npy_table_values", str(tmp_path))
    assert expand_shorthands(npy, "npy_table_values") == [*values, "--d.folder", str(tmp_path)]
    assert expand_shorthands(npy, "iris") == ["--dataset", "npy_table", "--d.folder", str(tmp_path)]
    with pytest.raises(BadInput, match="To take y as numbers: --task regression or --dataset npy_table_values"):
        recipe("--model", "linear", *npy)
    with pytest.raises(BadInput, match="cannot be combined with iris"):
        recipe("--model", "linear", *npy, "--dataset", "iris")


@pytest.mark.parametrize(
    "words",
    [
        ("--text", "my.txt", "--dataset", "digits"),
        ("--dataset=digits", "--text=my.txt"),
        ("--text", "my.txt", "--csv", "my.csv"),
        ("--text", "my.txt", "--images", "photos"),
    ],
)
def test_two_data_sets_are_rejected(words):
    with pytest.raises(
        BadInput, match=r"is the data set (text|csv) and cannot be combined with (digits|csv|text|images)"
    ):
        recipe("--model", "lstm", *words)


def test_a_flag_without_its_file_is_rejected_and_the_help_lists_the_short_flags():
    with pytest.raises(BadInput, match=r"--d.file needs a value"):
        recipe("--model", "lstm", "--text")
    page = read(["--model", "lstm", "--help"], "train")
    assert isinstance(page, str)
    for name in (
        "--text FILE",
        "--csv FILE",
        "--target NAME",
        "--test-csv FILE",
        "--images DIR",
        "--column NAME",
        "--horizon N",
    ):
        assert name in page


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the text is empty"), (b"abc", "has 3 characters"), (b"\xff" * 999, "is not UTF-8 text: byte 0")],
)
def test_an_unusable_text_exits_with_2_and_writes_nothing(tmp_path, capsys, content, reason):
    (tmp_path / "mine.txt").write_bytes(content)
    words = ["--model", "lstm", "--text", str(tmp_path / "mine.txt"), "--out", str(tmp_path / "run")]
    assert main([*words, "--quiet"]) == 2
    err = capsys.readouterr().err
    assert "mine.txt" in err
    assert reason in err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("flag", "other"), [("--test-images", "--images DIR"), ("--test-csv", "--csv FILE")])
def test_test_examples_without_those_for_training_are_refused_with_the_flag_to_add(flag, other):
    with pytest.raises(BadInput, match=f"{flag} is for examples of .*: add {other}"):
        expand_shorthands(["--model", "cnn", flag, "there"])
    assert expand_shorthands([flag, "there"], "images" if "images" in flag else "table")[0].startswith("--d.test-f")
