"""Folders of images: accepted files, and errors that name the file."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from zoo.train.__main__ import main
from zoo.train.config.recipe import recipe_for
from zoo.train.data.dataset import Place, load_data, source
from zoo.train.data.formats.image import read_picture
from zoo.train.data.formats.image_rows import ImageFiles
from zoo.train.data.targets import class_notes
from zoo.train.errors import BadInput
from zoo.train.pipeline.splits import validation_split

rng = np.random.default_rng(0)


def put(path, *shape, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = rng.integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


def load(folder, **options):
    return load_data("images", Place(), {"folder": str(folder), **options})


@pytest.fixture
def photos(tmp_path):
    for kind in ("cats", "dogs"):
        for i in range(5):
            put(tmp_path / "zoo" / kind / f"{i}.png", 6, 8, 3)
    return tmp_path / "zoo"


def test_subfolders_are_the_classes_and_the_split_is_stratified(photos):
    data = load(photos)
    assert data.classes == ("cats", "dogs")
    assert data.outputs == 2
    assert (data.train.x.shape, data.test.x.shape) == ((8, 6, 8, 3), (2, 6, 8, 3))
    assert (sorted(data.train.y), sorted(data.test.y)) == ([0] * 4 + [1] * 4, [0, 1])
    assert data.train.x.dtype == np.uint8
    assert data.train.y.dtype == np.int32


def test_every_image_is_in_one_split_unchanged(photos):
    data = load(photos)
    read = {image.tobytes() for part in (data.train, data.test) for image in part.x}
    assert read == {np.asarray(Image.open(path)).tobytes() for path in photos.rglob("*.png")}


def test_the_split_depends_on_the_seed_only(photos):
    np.testing.assert_array_equal(load(photos).test.x, load(photos).test.x)
    assert any((load(photos, seed=seed).test.x != load(photos).test.x).any() for seed in (1, 2, 3))
    assert len(load(photos, test_share=0.4).test.x) == 4


def test_a_folder_without_subfolders_is_one_class(tmp_path):
    for i in range(3):
        put(tmp_path / f"{i}.PNG", 4, 4, 3)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_text("the system's own")
    data = load(tmp_path)
    assert data.classes == (tmp_path.name,)
    assert len(data.train.x) + len(data.test.x) == 3


def test_grey_is_the_luma(tmp_path):
    pixels = put(tmp_path / "a.png", 4, 4, 3)
    luma = pixels @ [0.299, 0.587, 0.114]
    found = read_picture(tmp_path / "a.png", grey=True)
    assert found.shape == (4, 4, 1)
    np.testing.assert_allclose(found[..., 0], luma, atol=1)


def test_images_of_any_mode_become_three_channels(tmp_path):
    grey = put(tmp_path / "grey.png", 4, 4)
    colours = put(tmp_path / "clear.png", 4, 4, 4)
    np.testing.assert_array_equal(read_picture(tmp_path / "grey.png"), np.repeat(grey[..., None], 3, -1))
    alpha = colours[..., 3:] / 255
    blended = colours[..., :3] * alpha + 255 * (1 - alpha)
    np.testing.assert_allclose(read_picture(tmp_path / "clear.png"), blended, atol=1)


def test_a_photograph_is_rotated_by_its_orientation(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera lay on its side
    put(tmp_path / "a.jpg", 4, 8, 3, exif=turned)
    assert read_picture(tmp_path / "a.jpg").shape == (8, 4, 3)


def test_images_are_cropped_to_squares_and_scaled(tmp_path):
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200  # the middle, all that is left
    Image.fromarray(pixels).save(tmp_path / "a.png")
    put(tmp_path / "b.jpg", 7, 5, 3)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png", size=4), np.full((4, 4, 3), 200))
    data = load(tmp_path, size=4)
    assert data.train.x.shape[1:] == data.test.x.shape[1:] == (4, 4, 3)


def test_unequal_sizes_become_squares_of_a_size_that_is_told(photos):
    put(photos / "dogs" / "9.png", 5, 4, 3)
    data = load(photos)
    assert data.train.x.shape[1:] == (6, 6, 3)  # the median of the shorter sides
    assert f"{photos}: images from 4x5 to 8x6 pixels; the central square of each is scaled to 6x6" in data.notes[-1]
    assert data.pictures["size"] == 6


def cut_off(path):
    put(path, 40, 40, 3)
    path.write_bytes(path.read_bytes()[:-900])


def broken_header(path):
    put(path, 8, 8, 3)
    raw = bytearray(path.read_bytes())
    raw[20] ^= 255  # the width, and so its checksum
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut_off, "cannot be read, it is damaged or truncated"),
        (broken_header, "cannot be read, it is damaged|is not an image"),
        (lambda path: path.write_text("no picture"), "is not an image"),
        (lambda path: path.write_bytes(b""), "is not an image"),
        (lambda path: Image.fromarray(np.zeros((9, 9), np.uint8)).save(path, format="EPS"), "is not an image"),
        (lambda path: Image.fromarray(np.zeros((9, 9), np.uint16)).save(path), "has more than 8 bits per channel"),
    ],
    ids=["cut off", "header", "text", "empty", "another format", "16 bits"],
)
def test_a_file_that_cannot_be_read_raises(photos, spoil, reason):
    spoil(photos / "cats" / "bad.png")
    with pytest.raises(BadInput, match=rf"cats/bad\.png.*({reason})"):
        load(photos)


@pytest.mark.parametrize("limit", [50, 20], ids=["pillow warns", "pillow raises"])
def test_a_decompression_bomb_raises_before_it_is_decompressed(photos, monkeypatch, limit):
    put(photos / "cats" / "bomb.png", 9, 9, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(BadInput, match=r"bomb\.png: too many pixels to decompress safely"):
        read_picture(photos / "cats" / "bomb.png")


def test_images_larger_than_memory_stay_in_their_files_and_are_the_same(photos):
    size, options = 10 * 6 * 8 * 3, {"folder": str(photos)}
    inside, outside = (load_data("images", Place(in_memory=most), options) for most in (size, size - 1))
    for one, other in ((inside.train, outside.train), (inside.test, outside.test)):
        assert (type(one.x), type(other.x)) == (np.ndarray, ImageFiles)
        np.testing.assert_array_equal(one.x, other.x[:])
        np.testing.assert_array_equal(one.y, other.y)


def test_an_image_that_is_exchanged_for_one_of_another_size_raises_when_it_is_read(photos):
    data = load_data("images", Place(in_memory=0), {"folder": str(photos)})
    put(photos / "dogs" / "2.png", 6, 9, 3)
    with pytest.raises(BadInput, match=r"0\.png is 8x6 pixels and .*dogs/2\.png is 9x6"):
        [data.train.x[:], data.test.x[:]]


def test_an_unusable_folder_raises(photos):
    with pytest.raises(BadInput, match="--images DIR"):
        load_data("images")
    with pytest.raises(BadInput, match="nowhere does not exist"):
        load(photos / "nowhere")
    with pytest.raises(BadInput, match="is not a folder"):
        load(photos / "cats" / "0.png")
    (photos / "empty").mkdir()
    with pytest.raises(BadInput, match="expected at least 2 images"):
        load(photos / "empty")
    put(photos / "beside.png", 6, 8, 3)
    with pytest.raises(BadInput, match=r"has images \(beside.png\) and subfolders of images \(cats/\)"):
        load(photos)


def test_nothing_is_written_into_the_folder(photos):
    before = {path: path.stat().st_mtime_ns for path in photos.rglob("*")}
    load(photos, size=4, grey=True)
    assert {path: path.stat().st_mtime_ns for path in photos.rglob("*")} == before


def test_a_classifier_is_trained_on_a_folder_with_one_flag(photos, tmp_path, capsys):
    out = tmp_path / "run"
    words = ["--model", "logistic", "--images", str(photos), "--d.size", "4", "--steps", "1", "--out", str(out)]
    assert main([*words, "--quiet"]) == 0
    assert (out / "model.safetensors").exists()
    words = ["--model", "logistic", "--images", str(photos / "cats" / "0.png"), "--out", str(tmp_path / "other")]
    assert main(words) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_class_of_one_image_is_trained_and_named(photos):
    put(photos / "ants" / "a.png", 6, 8, 3)
    lines = []
    data = load_data("images", Place(print_fn=lines.append), {"folder": str(photos)})
    assert 0 in data.train.y
    assert 0 not in data.test.y
    assert lines == [f"{photos}: 3 classes: ants (1), cats (5), dogs (5)"]
    assert class_notes(data, data.train) == [
        "class ants has a single example: it is for training, no score covers this class"
    ]


@pytest.fixture
def splits(tmp_path):
    for split, count in (("Train", 4), ("val", 2), ("test", 3)):
        for name in ("ants", "bees"):
            for i in range(count):
                put(tmp_path / "photos" / split / name / f"{i}.png", 4, 4, 3)
    return tmp_path / "photos"


@pytest.mark.parametrize("limit", [1 << 20, 0])
def test_folders_train_val_and_test_are_the_splits(splits, limit):
    lines = []
    data = load_data("images", Place(print_fn=lines.append, in_memory=limit), {"folder": str(splits)})
    assert data.classes == ("ants", "bees")
    for split, found in (("Train", data.train), ("val", data.val), ("test", data.test)):
        files = sorted((splits / split).rglob("*.png"))
        np.testing.assert_array_equal(found.x[:], np.stack([read_picture(path) for path in files]))
        assert found.y.tolist() == [int(path.parent.name == "bees") for path in files]
    assert lines[0].startswith(f"{splits}: Train/ for training, val/ for validation, test/ for testing;")
    recipe = recipe_for("logistic", "images")
    assert validation_split(recipe, data, source("images"), None) == (recipe, data.train, data.val)
    with pytest.raises(BadInput, match=r"--val-share 0\.5: images has validation examples of its own"):
        validation_split(replace(recipe, val_share=0.5), data, source("images"), None)


def test_without_test_the_folder_val_is_the_test_split(splits):
    shutil.rmtree(splits / "test")
    data = load(splits)
    assert (len(data.train.x), len(data.test.x), data.val) == (8, 4, None)


def test_what_is_not_clear_beside_splits_is_refused(splits):
    shutil.copytree(splits / "val", splits / "extra")
    with pytest.raises(BadInput, match=r"has splits, Train/, test/, val/, beside extra/.*rename these folders if they"):
        load(splits)
    (splits / "extra").rename(splits / "testing")
    with pytest.raises(BadInput, match="one of them twice"):
        load(splits)
    shutil.rmtree(splits / "testing")
    put(splits / "one.png", 4, 4, 3)
    with pytest.raises(BadInput, match=r"beside one\.png"):
        load(splits)
    (splits / "one.png").unlink()
    shutil.rmtree(splits / "test")
    put(splits / "test" / "one.png", 4, 4, 3)
    with pytest.raises(BadInput, match=r"Train/ has a subfolder per class, and the images of test/ have no class"):
        load(splits)
    (splits / "test" / "one.png").rename(splits / "test" / "one.txt")
    with pytest.raises(BadInput, match=r"test: expected images \("):
        load(splits)


def test_a_linked_folder_below_a_class_is_named(photos, tmp_path):
    put(tmp_path / "elsewhere" / "a.png", 6, 8, 3)
    (photos / "cats" / "more").symlink_to(tmp_path / "elsewhere")
    assert "cats: 1 files left out" in load(photos).notes[0]


def test_a_class_of_the_test_split_alone_is_named(splits):
    shutil.rmtree(splits / "Train" / "bees")
    data = load(splits)
    assert class_notes(data, data.train)[0].startswith("class bees has no training example")


@pytest.mark.parametrize("ending", [".webp", ".jfif", ".gif", ".bmp", ".tif", ".tiff"])
def test_a_class_in_another_format_or_one_folder_deeper_stays_a_class(photos, ending):
    form = {"format": "JPEG"} if ending == ".jfif" else {}
    for i in range(3):
        put(photos / "bees" / "2020" / f"{i}{ending}", 6, 8, 3, **form)
    lines = []
    data = load_data("images", Place(print_fn=lines.append), {"folder": str(photos)})
    assert "3 images lie deeper (bees/2020/)" in lines[0]
    assert data.classes == ("bees", "cats", "dogs")
    assert sum((part.y == 0).sum() for part in (data.train, data.test)) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_class_that_would_vanish_raises_and_files_left_out_are_named(photos):
    (photos / "cats" / "notes.cr2").write_text("not read")
    os.mkfifo(photos / "cats" / "pipe.png")
    lines = []
    load_data("images", Place(print_fn=lines.append), {"folder": str(photos)})
    assert "cats: 2 files left out" in lines[0]
    assert "(.cr2, .png)" in lines[0]
    with pytest.raises(BadInput, match="not a regular file"):
        read_picture(photos / "cats" / "pipe.png")
    (photos / "bees").mkdir()
    (photos / "bees" / "a.cr2").write_text("not read")
    with pytest.raises(BadInput, match=r"bees has no images .*the class bees would vanish"):
        load(photos)
