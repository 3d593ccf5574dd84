import sys

import pytest

from zoo.__main__ import main


def test_help_names_every_command(capsys):
    for words in ([], ["--help"], ["-h"], ["help"]):
        assert main(words) == 0
        page = capsys.readouterr().out
        assert all(name in page for name in ("train", "list", "summary", "evaluate", "predict", "export", "sample"))


def test_an_unknown_command_is_bad_input_with_the_nearest_name(capsys):
    assert main(["trian"]) == 2
    assert (
        capsys.readouterr().err == "error: unknown command 'trian'; did you mean train? "
        "choose from train, list, sweep, summary, evaluate, predict, export, sample\n"
    )


def test_train_is_the_command_line_of_training(capsys):
    assert main(["train", "--model", "cnn", "--print-config"]) == 0
    assert 'model = "cnn"' in capsys.readouterr().out
    assert main(["train", "--help"]) == 0
    assert "usage: python -m zoo train --model" in capsys.readouterr().out


def test_list_prints_models_that_match(capsys):
    assert main(["list", "*net"]) == 0
    assert "resnet" in capsys.readouterr().out
    assert main(["list"]) == 0
    assert "cnn" in capsys.readouterr().out
    assert main(["list", "--all"]) == 2
    assert "usage" in capsys.readouterr().err
    assert main(["list", "--help"]) == 0


def test_summary_tells_the_parameters_of_a_model_as_its_options_make_it(capsys):
    assert main(["summary", "mlp", "--dataset", "iris", "--m.hidden", "7"]) == 0
    text = capsys.readouterr().out
    assert "mlp on iris: 4 in, 3 out" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["head/w", "7x3", "float32", "21", "84"] in rows
    assert ["total", "59", "236"] in rows  # 4 * 7 + 7 + 7 * 3 + 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "which model?"),
        (["cnm"], "did you mean cnn?"),
        (["cnn", "--epochs", "3"], "unknown flag --epochs"),
        (["cnn", "--m.filters", "0"], "got 0"),
        (["cnn", "--dataset", "iris"], "cnn reads image data"),
    ],
)
def test_summary_refuses_what_cannot_be(words, message, capsys):
    assert main(["summary", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "line"),
    [("gan", "gan on ring: 5 in, 2 out"), ("cgan", "cgan on digits: 15 in, 8x8x1 out")],
)
def test_summary_of_a_generator_tells_what_it_makes_of_how_much_noise(model, line, capsys):
    assert main(["summary", model, "--m.latent", "5"]) == 0
    assert line in capsys.readouterr().out


def test_summary_explains_itself(capsys):
    assert main(["summary", "--help"]) == 0
    assert main(["summary", "cnn", "--help"]) == 0
    assert "--m.filters" in capsys.readouterr().out


def test_the_words_come_from_the_system_when_none_are_given(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["zoo", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("zoo ")
