"""Settings of jax in the user's environment: the command line replaces them, Python is refused in one line."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from zoo.train import Recipe, RunOptions, run
from zoo.train.errors import BadInput
from zoo.train.runtime.jax_settings import override_jax_settings
from zoo.train.trained.model import load

HOSTILE = {
    "JAX_ENABLE_X64": "1",
    "JAX_NUMPY_DTYPE_PROMOTION": "strict",
    "JAX_NUMPY_RANK_PROMOTION": "raise",
    "JAX_TRANSFER_GUARD": "disallow",
    "JAX_DEFAULT_PRNG_IMPL": "rbg",
    "JAX_RANDOM_SEED_OFFSET": "3",
}


def test_the_command_line_removes_hostile_settings_with_a_warning_each(monkeypatch, capsys):
    for name, text in HOSTILE.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delitem(sys.modules, "jax")
    override_jax_settings()
    assert not set(HOSTILE) & set(os.environ)
    lines = capsys.readouterr().err.splitlines()
    assert sorted(line.split()[1] for line in lines) == sorted(f"{k}={v}" for k, v in HOSTILE.items())


def test_settings_that_models_work_with_stay_without_a_word(monkeypatch, capsys):
    accepted = {"JAX_ENABLE_X64": "False", "JAX_NUMPY_RANK_PROMOTION": "warn", "JAX_TRANSFER_GUARD": "log"}
    for name, text in accepted.items():
        monkeypatch.setenv(name, text)
    monkeypatch.delitem(sys.modules, "jax")
    override_jax_settings()
    assert accepted.items() <= dict(os.environ).items()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "value", "usual"),
    [
        ("jax_enable_x64", True, "False"),
        ("jax_numpy_dtype_promotion", "strict", "'standard'"),
        ("jax_numpy_rank_promotion", "raise", "'allow'"),
        ("jax_transfer_guard_host_to_device", "disallow", "None"),
    ],
)
def test_run_and_load_name_the_setting_and_the_cure_before_a_folder_is_made(tmp_path, name, value, usual):
    before = getattr(jax.config, name)
    jax.config.update(name, value)
    try:
        with pytest.raises(BadInput, match=name) as refused:
            run(Recipe("mlp", "iris"), RunOptions(out=tmp_path / "run"))
        with pytest.raises(BadInput, match=name):
            load("cnn-digits")
    finally:
        jax.config.update(name, before)
    assert f'jax.config.update("{name}", {usual})' in str(refused.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.expensive
def test_a_run_under_hostile_settings_gives_the_numbers_of_a_usual_one(tmp_path):
    scores = []
    for name, more in (("usual", {}), ("hostile", HOSTILE)):
        out = tmp_path / name
        words = ["-m", "zoo.train", "--model", "mlp", "--dataset", "iris", "--steps", "9", "--no-pictures"]
        subprocess.run([sys.executable, *words, "--out", str(out)], env={**os.environ, **more}, check=True)
        scores.append(Path(out, "model.safetensors").read_bytes()[-64:])
    assert scores[0] == scores[1]
