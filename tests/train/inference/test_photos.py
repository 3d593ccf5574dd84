"""A model of a folder of photographs: `predict` answers for test/ what `evaluate` scores, and pictures say why."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from zoo.__main__ import main
from zoo.train.cli import predict
from zoo.train.errors import BadInput
from zoo.train.inference.inputs import read
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.read import stream_inputs
from zoo.train.inference.pictures import picture_paths

CLASSES = ("dark", "light", "red")


def photo(random, name):
    height, width = random.integers(40, 200, 2)
    low, high = {"dark": (0, 120), "light": (100, 256), "red": (0, 120)}[name]
    pixels = random.integers(low, high, (height, width, 3))
    pixels[..., 0] = np.where(name == "red", 230, pixels[..., 0])
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs of three classes and all sizes, in train/ and test/, some of which lie on their side."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("photos")
    turned = Image.Exif()
    turned[0x0112] = 6
    for split, count in (("train", 6), ("test", 4)):
        for name in CLASSES:
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                path = folder / split / name / f"{i}{('.png', '.jpg', '.webp')[i % 3]}"
                photo(random, name).save(path, **({"exif": turned} if i == 1 else {}))
    return folder


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    from tests.quickly import compiled_quickly

    out = tmp_path_factory.mktemp("runs") / "photos"
    words = ["train", "--model", "logistic", "--images", str(photos), "--d.size", "12"]
    words += [
        "--d.resize",
        "pad",
        "--steps",
        "4",
        "--augment",
        "flip+mixup",
        "--compile-cache",
        "off",
        "--quiet",
    ]
    with compiled_quickly():
        assert main([*words, "--batch-size", "6", "--warmup-epochs", "0", "--out", str(out)]) == 0
    return out


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_predictions_for_the_folder_of_the_test_images_are_those_that_were_scored(trained, photos, capsys, tmp_path):
    assert main(["evaluate", str(trained), "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert scored["notes"] == []
    assert main(["predict", str(trained), str(photos / "test"), "--out", str(tmp_path / "said.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = rows_of(tmp_path / "said.csv")
    names = sorted(path.relative_to(photos / "test").as_posix() for path in (photos / "test").rglob("*.*"))
    assert [row["input"] for row in rows] == names == [line.split()[0] for line in lines]
    assert list(rows[0]) == ["input", "class", "probability", *(f"p({name})" for name in CLASSES)]
    truth = [row["input"].partition("/")[0] for row in rows]
    said = [row["class"] for row in rows]
    assert np.mean([a == b for a, b in zip(truth, said, strict=True)]) == pytest.approx(scored["metrics"]["accuracy"])
    shares = np.array([[float(row[f"p({name})"]) for name in CLASSES] for row in rows])
    losses = -np.log(shares[np.arange(len(rows)), [CLASSES.index(name) for name in truth]])
    assert losses.mean() == pytest.approx(scored["metrics"]["loss"], rel=1e-4)


@pytest.mark.expensive
def test_the_same_folder_given_as_test_images_or_scored_whole_has_the_same_score(trained, photos, capsys):
    scores = []
    for words in ([], ["--images", str(photos / "train"), "--test-images", str(photos / "test")]):
        assert main(["evaluate", str(trained), *words, "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out)["metrics"])
    assert scores[0] == scores[1]
    assert main(["evaluate", str(trained), "--test-images", "nowhere"]) == 2
    assert "--test-images nowhere does not exist" in capsys.readouterr().err


def test_each_prediction_is_explained_by_a_picture(trained, photos, capsys, tmp_path):
    place = photos / "test" / "red"
    assert main(["predict", str(trained), str(place), "--explain", str(tmp_path / "why")]) == 0
    made = sorted(path.name for path in (tmp_path / "why").iterdir())
    assert made == [f"{path.name}.png" for path in sorted(place.iterdir())]
    picture = np.asarray(Image.open(tmp_path / "why" / "0.png.png").convert("RGB"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("mlp-iris", "a.csv", "--explain", "why"), "mlp on iris has the task multiclass and table data: leave it out"),
        (("cnn-digits", "a.npy", "--explain", "a.npy"), "--explain a.npy is a file, not a folder"),
    ],
)
def test_explanations_that_cannot_be_made_are_refused(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((8, 8, 1)))
    assert main(["predict", *words]) == 2
    assert message in capsys.readouterr().err


def test_pictures_of_examples_stay_in_their_folder_and_replace_no_other(tmp_path):
    taken = set()
    names = ["cats/1.png", "../up/1.png", "/abs/1.png", "x.npy[3]"]
    paths = picture_paths(names, tmp_path, taken)
    wanted = ["cats/1.png.png", "1.png.png", "1.png-2.png", "x.npy[3].png"]
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == wanted
    assert picture_paths(["cats/1.png"], tmp_path, taken) == [tmp_path / "cats" / "1.png-2.png"]


def test_a_large_folder_is_read_in_batches_of_a_limited_size_with_its_progress(photos, monkeypatch):
    monkeypatch.setattr(read, "_MOST", 3 * 16 * 16 * 3)
    spec, told = InputSpec("image", (16, 16, 3), range=(0, 255), side=16, resize="squash"), []
    batches = list(stream_inputs([str(photos)], spec, progress=lambda *counts: told.append(counts)))
    assert [len(batch.names) for batch in batches] == [3] * 10
    assert told == [(i, 30) for i in range(1, 31)]
    names = [name for batch in batches for name in batch.names]
    assert names == sorted(names)
    assert names[0] == "test/dark/0.png"


@pytest.mark.parametrize("live", [True, False])
def test_progress_is_shown_from_two_seconds_on(monkeypatch, capsys, live):
    now = iter([0.0, 1.0, 3.0, 4.0, 14.0])
    monkeypatch.setattr(predict.time, "monotonic", lambda: next(now))
    monkeypatch.setattr("sys.stderr.isatty", lambda: live, raising=False)
    show = predict._progress()
    for done in (10, 20, 30, 1000):
        show(done, 1000)
    shown = capsys.readouterr().err
    if live:
        assert shown == "\r20 of 1,000 files\r30 of 1,000 files\r1,000 of 1,000 files\n"
    else:
        assert shown == "20 of 1,000 files\n1,000 of 1,000 files\n"


def test_photographs_of_one_class_are_refused_by_its_name(photos, capsys):
    words = ["--images", str(photos / "train" / "dark"), "--d.size", "8", "--dry-run"]
    assert main(["train", "--model", "logistic", *words]) == 2
    assert "images has one class, dark: add examples of another one" in capsys.readouterr().err


def test_images_that_cannot_be_read_are_named_or_left_out(trained, photos, tmp_path, capsys):
    folder = tmp_path / "more"
    for name in ("a.png", "b.png", "c.png"):
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes((photos / "test" / "red" / "0.png").read_bytes())
    (folder / "b.png").write_bytes(b"no image")
    assert main(["predict", str(trained), str(folder)]) == 2
    assert "b.png is not an image" in (told := capsys.readouterr().err)
    assert "to leave it out: --unreadable skip" in told
    assert main(["predict", str(trained), str(folder), "--unreadable", "skip", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["input"] for each in found["predictions"]] == ["a.png", "c.png"]
    assert "1 images that cannot be read are left out: b.png" in found["notes"]


def test_none_of_the_images_left_is_an_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    skipped = []
    with pytest.raises(BadInput, match=r"none of the 1 images can be read, the first is .*a\.png"):
        list(stream_inputs([str(tmp_path)], InputSpec("image", (8, 8, 3), side=8), on_skip=skipped.append))
    assert skipped == ["a.png"]
