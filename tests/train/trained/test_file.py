"""Pretrained models: their descriptions, how they are located, and the error where there is none."""

import platform
import re

import numpy as np
import pytest

import zoo
from zoo.__main__ import main
from zoo.train.errors import CheckpointUnusable
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.files import MODEL_FILE
from zoo.train.trained.file import PRETRAINED, header, locate, pretrained_names
from zoo.train.tree import flatten

pytestmark = pytest.mark.usefixtures("quick_compiler")

NAMES = pretrained_names()  # those of benchmarks/pretrained.py, as its test says
LONG = {"gru-sine", "lstm-text", "transformer-text"}  # their test examples take more than half of the time


def about(name):
    return header(PRETRAINED / f"{name}.safetensors")


def test_they_are_in_the_package_and_small():
    assert {"cnn-digits", "kohonen-digits", "lstm-text", "mlp-iris", "transformer-text"} <= set(NAMES)
    sizes = [(PRETRAINED / f"{name}.safetensors").stat().st_size for name in NAMES]
    assert max(sizes) < 1_000_000
    assert sum(sizes) < 3_500_000  # two models of text, of nearly 1 MB each, and nine that are smaller


@pytest.mark.parametrize("name", NAMES)
def test_each_describes_recipe_command_versions_and_the_hash_of_its_arrays(name):
    said = about(name)
    assert said["pretrained"] == name
    assert said["recipe"]["model"] == said["model"] == name.split("-")[0]
    assert said["origin"]["command"].startswith(f"python -m zoo.train --model {said['model']}")
    assert {"jax", "python", "zoo"} <= set(said["origin"]["versions"])
    assert re.fullmatch("[0-9a-f]{64}", said["sha256"])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.expensive if name in LONG else ()) for name in NAMES]
)
def test_each_reaches_the_metrics_of_its_file(name):
    said = about(name)
    here, there = platform.python_version_tuple(), said["origin"]["versions"]["python"].split(".")
    if said["dataset"] == "text" and here[:2] != tuple(there[:2]):
        pytest.skip("the standard library, which is the text, differs from one version of python to the next")
    found = evaluate(zoo.load(name)).metrics
    usual = 0.02 if said["task"] == "forecast" else 2e-3  # errors of 1e-4 consist of the last bits of float32
    for metric, value in found.items():
        near = 1.0 if metric == "free_mse" else usual  # a series that runs freely is chaotic: 500 steps multiply them
        assert value == pytest.approx(said["metrics"][metric], rel=near), metric


def test_a_name_is_a_model_wherever_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = zoo.load("mlp-iris")
    assert model.predict(np.array([5.1, 3.5, 1.4, 0.2])) == "setosa"


def test_a_folder_with_a_model_goes_before_the_name_and_any_other_folder_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cnn-digits").mkdir()
    assert locate("cnn-digits") == PRETRAINED / "cnn-digits.safetensors"
    (tmp_path / "cnn-digits" / MODEL_FILE).write_bytes((PRETRAINED / "mlp-iris.safetensors").read_bytes())
    assert locate("cnn-digits").resolve() == tmp_path / "cnn-digits" / MODEL_FILE
    assert zoo.load("cnn-digits").about["model"] == "mlp"


@pytest.mark.parametrize("name", ["cnn-digit", "../zoo/pretrained/nothing", "cnn-digits.safetensors"])
def test_an_unknown_name_is_rejected_with_the_known_ones(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointUnusable, match=r"no model at .*give the folder of a run.*mlp-iris"):
        zoo.load(name)


def test_a_misspelt_name_is_rejected_with_the_closest_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointUnusable, match=r"did you mean cnn-digits\?"):
        zoo.load("cnn-digit")


def test_the_list_tells_their_results_without_jax(capsys):
    assert main(["list", "--pretrained"]) == 0
    page = capsys.readouterr().out
    assert all(name in page for name in NAMES)
    assert f"accuracy {about('mlp-iris')['metrics']['accuracy']:.4g}" in page


def test_the_summary_of_a_trained_model_counts_its_own_arrays(capsys):
    assert main(["summary", "mlp-iris"]) == 0
    page = capsys.readouterr().out
    total = sum(leaf.size for leaf in flatten(zoo.load("mlp-iris").params).values())
    assert f"total            {total}" in re.sub(r" +", " ", page).replace("total ", "total            ")
    assert page.index("body/0/w") < page.index("head/w")
    assert main(["summary", "mlp-iris", "--m.hidden", "3"]) == 2
