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
    for name in ("--text FILE", "--csv FILE", "--images DIR", "--column NAME", "--horizon N"):
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
