import io
import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from zoo.train.config.recipe import Expect
from zoo.train.reporting.tables import class_table, epochs_table, parameter_table, result_panel

PARAMETERS = [
    ("body/0/w", (3, 3, 1, 32), "float32", 288, 1152),
    ("body/with/a/name/so/long/that/it/does/not/fit/into/its/column/w", (1568, 128), "float32", 200704, 802816),
    ("scale", (), "bfloat16", 1, 2),
]


def shown(what, width=80, **options):
    out = io.StringIO()
    Console(file=out, width=width).print(what, **options)
    return out.getvalue()


def evaluations(epochs, splits=("test",)):
    return [
        {"split": split, "step": 92 * e, "epoch": float(e), "loss": 2 / e, "accuracy": 1 - 0.5 / e}
        for e in range(1, epochs + 1)
        for split in ("train", *splits)
    ]


def first_column(text):
    return [line.split()[0] for line in text.splitlines()[2:] if line.strip()]


EVERYTHING = {
    "parameters": parameter_table(PARAMETERS),
    "epochs": epochs_table(evaluations(100, ("val", "test")), 60, "accuracy"),
    "classes": class_table({name: np.ones(3) for name in ("precision", "recall", "f1", "support")}, ["a" * 200]),
    "result": result_panel("runs/x", {"accuracy": 0.5}, "accuracy", Expect("accuracy", 0.9, "someone " * 20)),
}


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_table_fits_into_80_columns_and_has_no_colours_without_a_terminal(name):
    text = shown(EVERYTHING[name])
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_the_parameters_are_summed_and_right_aligned():
    text = shown(parameter_table(PARAMETERS))
    assert re.search(r"body/0/w +3x3x1x32 +float32 +288 +1,152\n", text)
    assert re.search(r"scale +scalar +bfloat16 +1 +2\n", text)
    assert re.search(r"total +200,993 +803,970\n", text)
    assert len({len(line) for line in text.splitlines() if re.search(r"\d$", line)}) == 1


def test_a_long_path_is_wrapped_not_cut():
    text = shown(parameter_table(PARAMETERS))
    column = "".join(line.split("  ")[0].strip() for line in text.splitlines()[3:5])
    assert column == PARAMETERS[1][0]


def test_a_model_without_parameters_has_none():
    assert re.search(r"total +0 +0\n", shown(parameter_table([])))


def test_the_best_epoch_is_marked_and_training_rows_are_omitted():
    text = shown(epochs_table(evaluations(3), 2.0, "accuracy"))
    assert text.split("\n")[0].split() == ["epoch", "step", "test", "loss", "test", "accuracy"]
    assert [line.split() for line in text.rstrip().splitlines()[2:]] == [
        ["1", "92", "2.0000", "0.5000"],
        ["2", "184", "1.0000", "0.7500", "best"],
        ["3", "276", "0.6667", "0.8333"],
    ]


@pytest.mark.parametrize("best", [None, 1, 2, 50, 99, 100])
def test_the_table_of_a_long_run_shows_the_first_the_best_and_the_last_epochs(best):
    text = shown(epochs_table(evaluations(100), best, "accuracy"))
    epochs = [each for each in first_column(text) if each != "..."]
    assert len(epochs) == 12
    assert {"1", "100", str(best or 1)} <= set(epochs)
    assert epochs == sorted(epochs, key=int)
    assert text.count("best") == (best is not None)


def test_dots_mark_the_epochs_that_are_left_out():
    epochs = first_column(shown(epochs_table(evaluations(40), 20, "accuracy")))
    for one, other in pairwise(epochs):
        assert "..." in (one, other) or int(other) == int(one) + 1


def test_the_splits_of_an_epoch_share_a_line_and_a_missing_value_is_a_dash():
    rows = evaluations(2, ("val", "test"))
    del rows[-1]
    text = shown(epochs_table(rows, None, "accuracy"))
    assert "val loss   val accuracy   test loss   test accuracy" in text
    assert text.splitlines()[-1].split() == ["2", "184", "1.0000", "0.7500", "-", "-"]


def test_a_loss_that_is_tiny_huge_or_nan_is_shown():
    rows = [{"split": "test", "step": i, "epoch": float(i), "loss": v} for i, v in enumerate((1e-6, 1e9, np.nan, 0.0))]
    text = shown(epochs_table(rows, None, "loss"))
    assert [line.split()[2] for line in text.splitlines()[2:]] == ["1.000e-6", "1.000e9", "nan", "0.0000"]


def test_the_classes_are_listed_with_their_mean():
    scores = {"precision": [0.9, 1.0], "recall": [1.0, 0.5], "f1": [0.95, 0.6667], "support": [100, 1200]}
    for given in (scores, SimpleNamespace(**{name: np.array(each) for name, each in scores.items()})):
        text = shown(class_table(given, ["[b]"]))
        assert re.search(r"\[b\] +0.9000 +1.0000 +0.9500 +100\n", text)
        assert re.search(r"1 +1.0000 +0.5000 +0.6667 +1,200\n", text)
        assert re.search(r"mean +0.9500 +0.7500 +0.808. +1,300\n", text)


@pytest.mark.parametrize(
    ("value", "expect", "said"),
    [
        (0.9917, Expect("accuracy", 0.985, "LeCun 1998"), "(expected at least 0.985, LeCun 1998): reached"),
        (0.97, Expect("accuracy", 0.985, "LeCun 1998"), "(expected at least 0.985, LeCun 1998): missed"),
        (0.97, Expect("accuracy", 0.97, "us"), "(expected at least 0.97, us): reached"),
        (0.97, Expect("accuracy", 0.9, "us", at_most=True), "(expected at most 0.9, us): missed"),
        (float("nan"), Expect("accuracy", 0.9, "us"), "(expected at least 0.9, us): missed"),
        (0.05, Expect("accuracy", 0.045, "us", upper=0.055), "(expected 0.045 to 0.055, us): reached"),
        (0.0, Expect("accuracy", 0.045, "us", upper=0.055), "(expected 0.045 to 0.055, us): missed"),
        (0.06, Expect("accuracy", 0.045, "us", upper=0.055), "(expected 0.045 to 0.055, us): missed"),
    ],
)
def test_the_result_is_compared_with_the_expectation(value, expect, said):
    text = shown(result_panel("runs/x", {"accuracy": value, "loss": 1.0}, "loss", expect))
    assert text.splitlines()[0] == f"result   accuracy {value:.4f} {said}"


def test_without_an_expectation_the_headline_is_shown():
    assert shown(result_panel("runs/x", {"r2": 0.5}, "r2")).splitlines() == ["result   r2 0.5000", "folder   runs/x"]


def test_a_run_without_metrics_has_a_message():
    assert "no metrics were recorded" in shown(result_panel("runs/x", {}, "r2", Expect("r2", 0.5, "us")))


def test_the_folder_and_the_next_commands_are_not_wrapped():
    folder, command = "/a/very/long/path" * 6, "python -m zoo evaluate " + "/a/long/path [1]" * 6
    panel = result_panel(folder, {"r2": 0.5}, "r2", commands=[command, "ls"], seconds=12.34)
    lines = shown(panel, soft_wrap=True).splitlines()
    assert lines[1:] == ["time     12.3 s", f"folder   {folder}", f"next     {command}", "         ls"]


def test_the_metrics_of_samples_fit_a_terminal_the_headline_first():
    values = {"spread": 0.9, "frechet": 0.04, "classifier_score": 9.01, "agreement": 0.94}
    rows = [{"split": "test", "step": 938 * epoch, "epoch": float(epoch), **values} for epoch in (9, 10)]
    head, _, *lines = shown(epochs_table(rows, 10.0, "frechet")).splitlines()
    assert head.split() == ["epoch", "step", "test", "frechet", "test", "classifier_score", "test", "agreement"]
    assert [line.split()[:2] for line in lines[:2]] == [["9", "8,442"], ["10", "9,380"]]
