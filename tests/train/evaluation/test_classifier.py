"""The classifier that scores generated images: trained once, cached, reproducible, and trained again when damaged."""

from dataclasses import replace

import chex
import numpy as np
import pytest

from tests.train.reporting.bars import bars
from zoo.train.data.normalize import fit_scaler
from zoo.train.errors import BadInput
from zoo.train.evaluation import classifier as room
from zoo.train.evaluation.classifier import image_classifier
from zoo.train.trained.build import ModelSpec

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "user_cache", lambda: tmp_path)
    return tmp_path / "zoo" / "classifiers"


@pytest.fixture(scope="module")
def learned():
    """What the training of one classifier gives."""
    data = bars()
    scaler = fit_scaler(data.train.x, "standard")
    return room._trained(data.train, room._recipe(data), ModelSpec(4), scaler)


@pytest.fixture
def untrained(monkeypatch, learned):
    """Makes classifiers without training them."""
    monkeypatch.setattr(room, "_trained", lambda *args: learned)


def told(data):
    lines = []
    return image_classifier(data, lines.append), lines


@pytest.mark.expensive
def test_it_is_trained_once_and_reproduced_when_its_file_is_damaged(cache):
    data = bars()
    first, lines = told(data)
    assert first.about["metrics"]["accuracy"] > 0.9
    assert len(lines) == 1
    assert "training a classifier of bars" in lines[0]
    (folder,) = cache.iterdir()
    again, lines = told(data)
    assert not lines, "an earlier run's is taken"
    chex.assert_trees_all_equal(again.params, first.params)

    file = folder / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-10] ^= 1
    file.write_bytes(content)
    anew, lines = told(data)
    assert len(lines) == 1, "a damaged one is made anew"
    chex.assert_trees_all_equal(anew.params, first.params)
    assert not told(data)[1], "and kept"


@pytest.mark.expensive
@pytest.mark.usefixtures("untrained")
def test_other_images_have_a_classifier_of_their_own(cache):
    told(bars())
    assert told(bars(seed=1))[1]
    assert len(list(cache.iterdir())) == 2


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("why", ["no home", "a file in the way"])
def test_without_a_cache_it_is_trained_every_time(why, tmp_path, monkeypatch):
    def nowhere():
        if why == "no home":
            raise RuntimeError("Could not determine home directory.")
        return tmp_path / "file"

    (tmp_path / "file").write_text("")
    monkeypatch.setattr(room, "user_cache", nowhere)
    model, lines = told(bars())
    assert lines
    assert len(model.classes) == 4


@pytest.mark.parametrize("classes", [("only",), ("one", "other")])
def test_images_of_one_class_are_rejected(classes, cache):
    data = bars()
    lone = replace(data, classes=classes, train=data.train._replace(y=np.zeros_like(data.train.y)))
    with pytest.raises(BadInput, match="bars has images of one class"):
        image_classifier(lone)
