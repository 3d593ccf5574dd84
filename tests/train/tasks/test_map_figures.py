"""Pictures of a map in training and of a finished one: which are drawn for which data, and their animation."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.files import PICTURE_MARK
from zoo.train.reporting.sample_pictures import SamplePictures

pytestmark = pytest.mark.usefixtures("quick_compiler")
SMALL = {"rows": 3, "columns": 4}


def drawn(dataset, folder, **changes):
    recipe = replace(recipe_for("kohonen", dataset), **{"m": SMALL, "epochs": 3, **changes})
    run(recipe, RunOptions(out=folder, quiet=True, ckpt_every="off"))
    return {path.name for path in (folder / "plots").iterdir()}, sorted((folder / "samples").iterdir())


@pytest.mark.parametrize(
    ("dataset", "m", "plots"),
    [
        pytest.param("digits", SMALL, {"map.png", "units.png"}, marks=pytest.mark.expensive),
        ("colours", SMALL | {"hexagonal": True}, {"map.png", "colours.png", "features.png", "net.png"}),
        pytest.param("ring", SMALL, {"map.png", "features.png", "net.png"}, marks=pytest.mark.expensive),
    ],
)
def test_the_map_is_drawn_as_its_data_allow_and_its_growth_is_an_animation(dataset, m, plots, tmp_path):
    found, samples = drawn(dataset, tmp_path / "run", m=m)
    assert plots | {"curves.png"} == found
    assert [path.name for path in samples] == ["step-000001.png", "step-000002.png", "step-000003.png", "training.gif"]
    with Image.open(samples[-1]) as film:
        assert film.n_frames == 3
        assert film.info["comment"].decode() == PICTURE_MARK
    first, last = (np.asarray(Image.open(path).convert("RGB"), int) for path in (samples[0], samples[2]))
    assert np.abs(first - last).mean() > 0.05


def test_a_long_run_is_drawn_at_about_twenty_five_evaluations_and_at_its_end(tmp_path):
    drawn, plan = [], SimpleNamespace(steps=301, evaluate_every=7)
    pictures = SamplePictures(lambda fit, path, title: drawn.append((path.name, title)), most=25)
    pictures.on_start(SimpleNamespace(plan=plan), tmp_path)
    for step in [*range(7, 301, 7), 301]:
        for split in ("train", "val", "test"):
            pictures.on_metrics({"split": split, "step": step}, {})
    assert drawn[0] == ("step-000007.png", "step 7")
    assert drawn[-1] == ("step-000301.png", "step 301")
    assert len(drawn) == len(set(drawn)) == 43
    pictures = SamplePictures(lambda fit, path, title: drawn.append(title), most=10)
    pictures.on_start(SimpleNamespace(plan=plan), tmp_path)
    drawn.clear()
    for step in [*range(7, 301, 7), 301]:
        pictures.on_metrics({"split": "test", "step": step}, {})
    assert drawn == [f"step {step}" for step in [*range(28, 301, 28), 301]]
