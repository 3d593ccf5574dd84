import subprocess
import sys

import pytest

from zoo.__main__ import main
from zoo.train import cli
from zoo.train.cli import commands


def test_help_lists_every_command_with_its_help(capsys):
    assert set(commands()) == {
        "train",
        "draw",
        "playground",
        "list",
        "sweep",
        "summary",
        "evaluate",
        "predict",
        "explain",
        "export",
        "sample",
    }
    for words in ([], ["--help"], ["-h"], ["help"]):
        assert main(words) == 0
        page = capsys.readouterr().out
        assert all(f"  {name:<10} {text}\n" in page for name, text in commands().items())
        assert all(commands().values())


def test_the_files_of_the_folder_are_the_commands(tmp_path, monkeypatch, capsys):
    (tmp_path / "count.py").write_text('"""Counts its words."""\n\n\ndef main(words, prog):\n    return len(words)\n')
    (tmp_path / "helper.py").write_text('"""Helps."""\n')
    monkeypatch.setattr(cli, "_FOLDER", tmp_path)
    monkeypatch.setattr(cli, "__path__", [str(tmp_path), *cli.__path__])
    commands.cache_clear()
    try:
        assert commands() == {"count": "Counts its words"}
        assert main(["count", "a", "b", "c"]) == 3
    finally:
        commands.cache_clear()


def test_an_unknown_command_is_bad_input_with_the_nearest_name(capsys):
    assert main(["trian"]) == 2
    assert (
        capsys.readouterr().err == "error: unknown command 'trian'; did you mean train? "
        "(choose from draw, evaluate, explain, export, list, playground, predict, sample, summary, sweep, train)\n"
    )


HELP = [["-m", "zoo", "--help"], ["-m", "zoo.train", "--help"], ["-m", "zoo", "train", "-x"]]


@pytest.mark.parametrize("words", HELP)
def test_help_and_bad_flags_import_neither_jax_nor_numpy(words):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=False, timeout=60
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert "zoo.train" in imported
    assert imported & {"jax", "numpy", "optax", "matplotlib"} == set()


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


def test_summary_shows_the_parameters_of_a_model_with_its_options(capsys):
    assert main(["summary", "mlp", "--dataset", "iris", "--m.hidden", "7"]) == 0
    text = capsys.readouterr().out
    assert "mlp on iris: 4 in, 3 out" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["head/w", "7x3", "float32", "21", "84"] in rows
    assert ["total", "59", "236"] in rows  # 4 * 7 + 7 + 7 * 3 + 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no model given"),
        (["cnnn"], "did you mean cnn?"),
        (["cnn", "--epochs", "3"], "unknown flag --epochs"),
        (["cnn", "--m.filters", "0"], "got 0"),
        (["cnn", "--dataset", "iris"], "cnn accepts image data"),
    ],
)
def test_summary_rejects_bad_input(words, message, capsys):
    assert main(["summary", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "line"),
    [("gan", "gan on ring: 5 in, 2 out"), ("cgan", "cgan on digits: 15 in, 8x8x1 out")],
)
def test_summary_of_a_generator_shows_the_sizes_of_latents_and_samples(model, line, capsys):
    assert main(["summary", model, "--m.latent", "5"]) == 0
    assert line in capsys.readouterr().out


def test_summary_has_a_help(capsys):
    assert main(["summary", "--help"]) == 0
    assert main(["summary", "cnn", "--help"]) == 0
    assert "--m.filters" in capsys.readouterr().out


def test_arguments_default_to_those_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["zoo", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("zoo ")
