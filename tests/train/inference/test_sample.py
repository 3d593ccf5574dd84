"""`python -m zoo sample RUN` of a generator: from the words of the command line to a picture in a file."""

import json
from dataclasses import replace
from functools import partial
from importlib import import_module

import numpy as np
import pytest

from zoo.__main__ import main
from zoo.train import run
from zoo.train.config.recipe import Recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.evaluation import classifier as room

pytestmark = pytest.mark.usefixtures("quick_compiler")
runs_room = import_module("zoo.train.runs.start")


def trained(place, names, pictures):
    """Trains three steps of each and returns the folders by name."""
    recipes = {
        "cgan": Recipe("cgan", "digits", trainer="adversarial", m={"latent": 4, "hidden": (8,)}, normalize="symmetric"),
        "dcgan": Recipe(
            "dcgan", "digits", trainer="adversarial", m={"latent": 4, "filters": (4,)}, lr=0.05, normalize="symmetric"
        ),
        "gan": Recipe("gan", "ring", trainer="adversarial", m={"latent": 4, "hidden": (8,)}),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "user_cache", lambda: place)
        patch.setattr(room, "_SEEN", 0)  # two epochs are enough here
        if not pictures:  # the scores are not looked at, for which a classifier would be trained
            patch.setattr(runs_room, "setup", partial(runs_room.setup, score_samples=False))
        options = {name: RunOptions(out=place / name, quiet=True, pictures=pictures) for name in names}
        return {name: run(replace(recipes[name], steps=3), options[name]).folder for name in names}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of three runs: images by class, images, points."""
    return trained(tmp_path_factory.mktemp("makers"), ("cgan", "dcgan", "gan"), pictures=False)


def sample(capsys, *words):
    code = main(["sample", *map(str, words)])
    got = capsys.readouterr()
    return code, got.out, got.err


@pytest.mark.expensive
def test_a_run_draws_generated_images_and_scores_them_beside_real_and_random_ones(tmp_path):
    runs = trained(tmp_path, ("cgan", "dcgan"), pictures=True)
    for name in ("cgan", "dcgan"):
        drawn = {path.name for path in (runs[name] / "plots").glob("*.png")}
        assert drawn == {"curves.png", "samples.png", "interpolation.png", "nearest.png"}
        told = json.loads((runs[name] / "result.json").read_text())
        scores = told["images"]
        assert set(scores["frechet"]) == {"made", "training", "untrained", "noise"}
        assert scores["frechet"]["training"] < min(scores["frechet"][kind] for kind in ("made", "untrained", "noise"))
        assert all(1 <= score <= 10 for score in scores["classifier_score"].values())
        assert all(0 <= scores[share] <= 1 for share in ("precision", "recall", "classifier_accuracy"))
        assert ("agreement" in told["metrics"]) == (name == "cgan")


@pytest.mark.parametrize(
    ("name", "words", "file"),
    [
        ("cgan", ("-n", "20"), "samples.png"),
        ("cgan", ("--class", "7", "-n", "3"), "samples.png"),
        ("dcgan", (), "samples.png"),
        ("dcgan", ("--interpolate", "-n", "2"), "interpolation.png"),
        ("cgan", ("--nearest", "-n", "4", "--offline"), "nearest.png"),
    ],
)
def test_a_png_is_written_into_the_run_folder_and_is_the_same_for_the_same_seed(name, words, file, runs, capsys):
    path = runs[name] / file
    contents = []
    for seed in (1, 1, 2):
        code, out, err = sample(capsys, runs[name], *words, "--seed", seed)
        assert (code, err) == (0, "")
        assert str(path) in out
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]
    assert contents[0].startswith(b"\x89PNG")


def test_out_names_the_png(runs, capsys, tmp_path):
    path = tmp_path / "grid.png"
    assert sample(capsys, runs["dcgan"] / "model.safetensors", "-n", "5", "--out", path)[0] == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in tmp_path.iterdir()] == ["grid.png"]


def test_points_are_printed(runs, capsys):
    code, out, _ = sample(capsys, runs["gan"], "-n", "7")
    assert code == 0
    points = np.array([line.split(",") for line in out.splitlines()], float)
    assert points.shape == (7, 2)


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("dcgan", ("--class", "7"), "dcgan is not conditional on the class"),
        ("cgan", ("--class", "seven"), "--class 'seven' is no class; choose from 0, 1, 2"),
        ("cgan", ("--temperature", "1"), "--temperature is for language models"),
        ("cgan", ("--interpolate", "--nearest"), "two PNGs"),
        ("cgan", ("-n", "0"), "--number must be a whole number from 1 to 10000"),
        ("cgan", ("-n", "501"), "one PNG holds at most 500"),
        ("cgan", ("--out", "grid.jpg"), "must end in .png"),
        ("cgan", ("--out", "nowhere/grid.png"), "there is no folder nowhere"),
        ("gan", ("--interpolate",), "--interpolate is for images; the samples of gan are printed"),
    ],
)
def test_bad_flags_are_rejected_and_nothing_is_written(name, words, message, runs, capsys):
    before = sorted(runs[name].rglob("*"))
    code, out, err = sample(capsys, runs[name], *words)
    assert (code, out) == (2, "")
    assert message in err
    assert sorted(runs[name].rglob("*")) == before


def test_a_model_file_requires_out(runs, capsys):
    code, _, err = sample(capsys, runs["dcgan"] / "model.safetensors")
    assert code == 2
    assert "give a file with --out" in err
