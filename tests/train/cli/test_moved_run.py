"""A run on data of one's own is resumed where the data lie now: what they hold decides, not their path."""

import os
import shutil

import numpy as np
import pytest

from zoo.__main__ import main

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A run of half its length on `./data`, given as a relative path."""
    random = np.random.default_rng(0)
    (tmp_path / "first" / "data").mkdir(parents=True)
    (tmp_path / "second").mkdir()
    np.save(tmp_path / "first" / "data" / "x.npy", random.normal(size=(60, 3)))
    np.save(tmp_path / "first" / "data" / "y.npy", random.integers(2, size=60))
    monkeypatch.chdir(tmp_path / "first")
    words = ["--model", "mlp", "--npy", "data", "--steps", "3", "--out", "run", "--quiet", "--no-pictures"]
    assert main(["train", *words]) == 0
    return tmp_path


def resumed(folder, *words):
    return main(["train", "--resume", str(folder), "--steps", "6", *words])


def test_a_run_is_resumed_from_another_working_directory(place, monkeypatch):
    monkeypatch.chdir(place / "second")
    assert resumed(place / "first" / "run") == 0
    assert resumed(os.path.relpath(place / "first" / "run"), "--steps", "7") == 0


def test_a_run_whose_data_moved_is_resumed_by_their_new_path(place, capsys):
    shutil.move(place / "first" / "data", place / "second" / "photos")
    shutil.move(place / "first" / "run", place / "second" / "run")
    assert resumed(place / "second" / "run") == 2
    assert "data does not exist" in capsys.readouterr().err
    assert resumed(place / "second" / "run", "--npy", str(place / "second" / "photos")) == 0
    assert resumed(place / "second" / "run", "--steps", "8") == 0, "the new path is kept"


def test_other_data_are_refused_at_the_same_path_and_at_another(place, capsys):
    y = np.load("data/y.npy")
    shutil.copytree("data", "other")
    for folder in ("other", "data"):
        np.save(f"{folder}/y.npy", np.where(np.arange(60) == 7, 1 - y, y))
        assert resumed("run", "--npy", folder) == 3
        assert "does not have the same examples as when the run started" in capsys.readouterr().err
