import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

import zoo
import zoo.train
from zoo.train.__main__ import main
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput, CheckpointUnusable, DataUnavailable, RunFailed

HOUSE = str(Path(zoo.__file__).parent.parent)


@pytest.fixture
def runs(monkeypatch):
    """What would have been run, instead of running it."""
    calls = []

    def run(recipe, options):
        calls.append((recipe, options))
        return SimpleNamespace(signal=0)

    monkeypatch.setattr(import_module("zoo.train.runs.run"), "run", run)
    return calls


def fails_with(monkeypatch, error):
    def run(recipe, options):
        raise error

    monkeypatch.setattr(import_module("zoo.train.runs.run"), "run", run)


def python(*words, cwd, **environment):
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_prints_the_recipe_first_and_runs_it(runs, capsys):
    assert main(["--model", "cnn", "--lr", "2e-3", "--quiet"]) == 0
    recipe, options = runs[0]
    assert (recipe.model, recipe.dataset, recipe.lr) == ("cnn", "digits", 0.002)
    assert options == RunOptions(quiet=True)
    assert capsys.readouterr().out == ""
    rule = ["--opt", "adamw", "--lr", "2e-3", "--sched", "cosine"]
    assert main(["--model", "cnn", "--epochs", "20", "-b", "64", "--warmup-epochs", "1", *rule]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line == "cnn on digits · 20 epochs · batch 64 · adamw 2e-3 cosine · seed 0"


def test_a_trainer_without_a_gradient_is_shown_instead_of_an_optimizer(runs, capsys):
    main(["--model", "perceptron", "--steps", "500", "-b", "64", "--lr", "1"])
    assert (
        capsys.readouterr().out.splitlines()[0] == "perceptron on digits · 500 steps · batch 64 · perceptron · seed 0"
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [(RunFailed("x"), 1), (BadInput("x"), 2), (CheckpointUnusable("x"), 3), (DataUnavailable("x"), 4)],
)
def test_errors_exit_with_their_code_and_without_a_traceback(monkeypatch, capsys, error, code):
    fails_with(monkeypatch, error)
    assert main(["--model", "cnn"]) == code
    assert capsys.readouterr().err == "error: x\n"


def test_the_note_of_an_error_is_printed(monkeypatch, capsys):
    error = BadInput("too wide")
    error.add_note("In layer head/2")
    fails_with(monkeypatch, error)
    main(["--model", "cnn"])
    assert capsys.readouterr().err == "error: too wide\nIn layer head/2\n"


def test_an_unexpected_error_prints_its_traceback_and_exits_with_1(monkeypatch, capsys):
    fails_with(monkeypatch, ZeroDivisionError("oh"))
    assert main(["--model", "cnn"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interrupts_and_signals_exit_with_their_codes(monkeypatch, capsys):
    fails_with(monkeypatch, KeyboardInterrupt())
    assert main(["--model", "cnn"]) == 130
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setattr(import_module("zoo.train.runs.run"), "run", lambda *_: SimpleNamespace(signal=15))
    assert main(["--model", "cnn"]) == 143


@pytest.mark.fault(row=6)
def test_an_unusable_folder_is_rejected_before_the_run(runs, capsys, tmp_path):
    (tmp_path / "thesis.txt").touch()
    assert main(["--model", "cnn", "--out", str(tmp_path), "--overwrite"]) == 2
    assert "holds no run" in capsys.readouterr().err
    assert not runs


@pytest.mark.fault(row=15)
def test_a_bad_flag_imports_no_jax_and_writes_nothing(tmp_path):
    code = (
        "import sys; from zoo.train.__main__ import main; code = main(sys.argv[1:]); "
        "heavy = {'jax', 'numpy', 'sklearn', 'matplotlib', 'rich'} & set(sys.modules); print(code, sorted(heavy))"
    )
    done = python("-c", code, "--model", "cnn", "--dataset", "mnist", "--learning-rate", "1", cwd=tmp_path)
    assert done.stdout == "2 []\n", done.stderr
    assert done.stderr == "error: unknown flag --learning-rate; did you mean --lr?\n"
    assert not list(tmp_path.iterdir())


def test_files_in_the_working_folder_do_not_shadow_modules(tmp_path):
    for name in ("train", "layers", "tests", "command", "data", "recipes", "errors", "optimizers"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file was imported')\n")
    help_page = python("-m", "zoo.train", "--help", cwd=tmp_path)
    assert (help_page.returncode, help_page.stderr) == (0, "")
    assert "--model cnn --dataset mnist" in help_page.stdout
    dry = python("-m", "zoo.train", "--model", "linear", "--dry-run", cwd=tmp_path)
    assert dry.returncode == 0, dry.stderr
    assert "head/w" in dry.stdout
    assert {path.suffix for path in tmp_path.iterdir()} <= {".py", ""}, "a dry run writes nothing"
    assert not (tmp_path / "runs").exists()


@pytest.mark.fault(row=24)
def test_a_closed_pipe_is_no_error(tmp_path):
    command = f"{sys.executable} -m zoo.train --list-models | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PYTHONPATH": HOUSE}, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("141", "0")  # 0 where all was written before the reader left


@pytest.mark.fault(row=24)
def test_a_closed_stdout_is_no_error(monkeypatch, runs):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["--model", "cnn"]) == 0
    assert main(["--version"]) == 0
    assert sys.stdout is None


@pytest.mark.usefixtures("jax_told_of_no_cache")
def test_a_dry_run_prints_parameters_flops_and_memory_and_writes_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--model", "logistic", "--dataset", "iris", "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "15" in next(line for line in text.splitlines() if line.startswith("total"))
    assert "FLOP" in text
    assert "memory, temporary" in text
    assert not list(tmp_path.iterdir())


@pytest.mark.expensive
@pytest.mark.usefixtures("jax_told_of_no_cache")
def test_a_dry_run_draws_augmented_images_beside_the_folder_of_the_run(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["--model", "logistic", "--dataset", "digits", "--augment", "shift+mixup", "--dry-run"]
    assert main([*words, "--out", "mine/run"]) == 0
    picture = Path("mine/run-augmentation.png")
    assert f"nothing was trained; written is only {picture}" in capsys.readouterr().out
    assert list(Path("mine").iterdir()) == [picture]


def test_the_public_names_of_the_package_are_functions_and_classes():
    run_file = import_module("zoo.train.runs.run")
    assert zoo.train.run is run_file.run
    assert zoo.train.recipe_for("cnn") == zoo.train.Recipe(**vars(zoo.train.recipe_for("cnn")))
    assert zoo.train.RunOptions is RunOptions
    with pytest.raises(AttributeError, match="no attribute 'fly'"):
        _ = zoo.train.fly


def test_a_run_is_repeated_from_its_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["--model", "logistic", "--dataset", "iris", "--epochs", "1", "--compile-cache", "off", "--quiet"]
    assert main([*words, "--out", "first"]) == 0
    assert main(["--config", "first", "--out", "second", "--compile-cache", "off", "--quiet"]) == 0
    rows = [Path(name, "metrics.jsonl").read_text() for name in ("first", "second")]
    assert rows[0] == rows[1]
    assert json.loads(rows[0].splitlines()[-1])["split"] == "test"
    capsys.readouterr()
