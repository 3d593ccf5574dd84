"""Folders of photographs: squares of all sizes, nested classes, test images elsewhere, files that cannot be read."""

import sys
from types import ModuleType

import numpy as np
import pytest
from PIL import BmpImagePlugin, Image, ImageOps

from zoo.train.data.dataset import Place, load_data, source
from zoo.train.data.formats import image
from zoo.train.data.formats.image import ENDINGS, picture_size, read_picture
from zoo.train.errors import BadInput
from zoo.train.trained.build import spec_for


def put(path, height, width, *, seed=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


def load(folder, about=None, **options):
    lines = []
    data = load_data("images", Place(print_fn=lines.append, about=about), {"folder": str(folder), **options})
    return data, lines


@pytest.fixture
def photos(tmp_path):
    for i, (height, width) in enumerate([(40, 70), (90, 60), (200, 120), (64, 64), (50, 300), (130, 130)]):
        put(tmp_path / "photos" / ("cats", "dogs")[i % 2] / f"{i}.png", height, width, seed=i)
    return tmp_path / "photos"


@pytest.mark.parametrize("rule", ["crop", "squash", "pad"])
def test_each_rule_makes_the_square_that_pillow_makes(tmp_path, rule):
    pixels = put(tmp_path / "a.png", 20, 50)
    picture, filter = Image.fromarray(pixels), Image.Resampling.LANCZOS
    wanted = {
        "crop": ImageOps.fit(picture, (8, 8), filter),
        "squash": picture.resize((8, 8), filter),
        "pad": ImageOps.pad(picture, (8, 8), filter, "grey"),
    }[rule]
    found = read_picture(tmp_path / "a.png", 8, resize=rule)
    if rule == "crop":  # `fit` scales a box of the image, without cropping it first
        assert np.abs(found.astype(int) - np.asarray(wanted)).mean() < 12
        np.testing.assert_array_equal(found, picture.crop((15, 0, 35, 20)).resize((8, 8), filter))
    else:
        np.testing.assert_array_equal(found, wanted)
    assert (found == 128).all(axis=(1, 2)).any() == (rule == "pad")


def test_an_image_of_extreme_proportions_is_padded(tmp_path):
    put(tmp_path / "a.png", 1, 400)
    found = read_picture(tmp_path / "a.png", 16, grey=True, resize="pad")
    assert found.shape == (16, 16, 1)
    assert (np.delete(found, 7, axis=0) == 128).all()


def test_images_of_all_sizes_are_read_without_a_flag_and_the_rule_is_told_and_kept(photos):
    data, lines = load(photos)
    assert data.train.x.shape[1:] == (64, 64, 3)
    assert lines[-1] == (
        f"{photos}: images from 70x40 to 120x200 pixels; the central square of each is scaled to 64x64 "
        "(--d.size chooses another side, --d.resize crop; also squash, pad)"
    )
    assert data.pictures == {"size": 64, "resize": "crop", "grey": False, "alpha": "onto white", "values": [0, 255]}
    data, lines = load(photos, size=16, resize="pad")
    told = "each is scaled, with grey margins, to 16x16 pixels (--d.resize pad; also crop, squash)"
    assert lines[-1] == f"{photos}: {told}"
    assert (data.pictures["size"], data.pictures["resize"]) == (16, "pad")
    files = sorted(photos.rglob("*.png"))
    found = {x.tobytes() for part in (data.train, data.test) for x in part.x}
    assert found == {read_picture(path, 16, resize="pad").tobytes() for path in files}


def test_a_model_is_scored_on_images_of_the_size_that_it_was_trained_on(photos):
    about = {"dataset": "images", "classes": ["birds", "cats", "dogs"], "pictures": {"size": 24, "resize": "crop"}}
    data, _ = load(photos, about)
    assert data.test.x.shape[1:] == (24, 24, 3)
    assert data.classes == ("birds", "cats", "dogs")
    assert set(np.unique(np.concatenate([data.train.y, data.test.y]))) == {1, 2}
    with pytest.raises(BadInput, match=r"has a class dogs, which the model does not have; did you mean dgs\?"):
        load(photos, about | {"classes": ["cats", "dgs"]})


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_of_an_upright_image_is_that_of_the_image_that_is_read(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for ending in ("jpg", "png", "webp"):
        put(tmp_path / f"a.{ending}", 10, 24, exif=exif)
        assert picture_size(tmp_path / f"a.{ending}") == read_picture(tmp_path / f"a.{ending}").shape[:2]


@pytest.fixture
def nested(tmp_path):
    for name in ("birds/owls/barn", "birds/owls/snowy", "birds/ducks", "cats"):
        for i in range(2):
            put(tmp_path / "nested" / name / f"{i}.png", 6, 6)
    return tmp_path / "nested"


def test_the_first_folder_or_the_path_is_the_class(nested):
    data, lines = load(nested)
    assert data.classes == ("birds", "cats")
    assert lines[0] == (
        f"{nested}: 6 images lie deeper (birds/ducks/); the first folder is their class (--d.classes path makes it the "
        "whole path)"
    )
    data, lines = load(nested, classes="path")
    assert data.classes == ("birds/ducks", "birds/owls/barn", "birds/owls/snowy", "cats")
    assert "the whole path is their class (--d.classes first" in lines[0]
    assert np.bincount(np.concatenate([data.train.y, data.test.y])).tolist() == [2, 2, 2, 2]


def test_test_images_may_lie_elsewhere(photos, tmp_path):
    for name in ("cats", "dogs"):
        put(tmp_path / "held" / name / "x.png", 80, 70)
    data, lines = load(photos, test_folder=str(tmp_path / "held"))
    assert (len(data.train.x), len(data.test.x), data.val) == (6, 2, None)
    assert lines[0].startswith(f"{photos}: all for training, {tmp_path / 'held'} for testing;")
    (tmp_path / "own").mkdir()
    photos.rename(tmp_path / "own" / "train")
    put(tmp_path / "own" / "val" / "cats" / "v.png", 80, 70)
    data, lines = load(tmp_path / "own", test_folder=str(tmp_path / "held"))
    assert (len(data.train.x), len(data.val.x), len(data.test.x)) == (6, 1, 2)
    assert "train/ for training, val/ for validation" in lines[0]


def test_a_folder_of_test_images_that_is_also_for_training_is_refused(photos, tmp_path):
    with pytest.raises(BadInput, match=r"--d\.test-folder .*cats lies in --d\.folder .*photos, whose images are for"):
        load(photos, test_folder=str(photos / "cats"))
    with pytest.raises(BadInput, match=r"--d\.test-folder nowhere does not exist"):
        load(photos, test_folder="nowhere")
    for split in ("train", "test"):
        put(tmp_path / "split" / split / "cats" / "a.png", 6, 6)
    with pytest.raises(BadInput, match=r"has test images of its own, test/: omit it"):
        load(tmp_path / "split", test_folder=str(photos))
    put(tmp_path / "flat" / "a.png", 6, 6)
    with pytest.raises(BadInput, match="photos/ has a subfolder per class, and the images of flat/ have no class"):
        load(photos, test_folder=str(tmp_path / "flat"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"--d\.test-folder .*empty: expected images"):
        load(photos, test_folder=str(tmp_path / "empty"))


def test_all_images_that_cannot_be_read_are_named_or_left_out(photos):
    (photos / "cats" / "0.png").write_bytes(b"<html>not found</html>")
    whole = (photos / "dogs" / "3.png").read_bytes()
    (photos / "dogs" / "3.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput) as error:
        load(photos, size=8)
    assert "2 of 6 images cannot be read; remove them, or leave them out: --d.unreadable skip" in str(error.value)
    assert f"  {photos / 'cats' / '0.png'} is not an image" in str(error.value)
    assert f"  {photos / 'dogs' / '3.png'} cannot be read, it is damaged or truncated" in str(error.value)
    data, lines = load(photos, size=8, unreadable="skip")
    assert len(data.train.x) + len(data.test.x) == 4
    left = f"{photos / 'cats' / '0.png'}, {photos / 'dogs' / '3.png'}"
    assert f"2 images that cannot be read are left out: {left}" in lines


def test_a_rule_for_squares_that_images_of_one_size_do_not_need_is_told(tmp_path):
    for name in ("a", "b"):
        for i in range(2):
            put(tmp_path / name / f"{i}.png", 8, 12, seed=i)
    assert not [line for line in load(tmp_path)[1] if "no effect" in line]
    data, lines = load(tmp_path, resize="pad")
    assert data.train.x.shape[1:] == (8, 12, 3)
    assert any("--d.resize has no effect without --d.size" in line for line in lines)


def test_a_class_whose_images_all_cannot_be_read_does_not_vanish(photos):
    for path in (photos / "cats").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(BadInput, match="leaves out all images of the class cats, which would vanish"):
        load(photos, size=8, unreadable="skip")


@pytest.mark.parametrize("ending", [".ppm", ".tga", ".ico", ".pcx", ".jp2", ".sgi", ".avif", ".xbm"])
def test_formats_that_pillow_reads_are_read(tmp_path, ending):
    Image.init()
    if Image.EXTENSION.get(ending) not in Image.SAVE:
        pytest.skip("this pillow does not write the format")
    picture = Image.fromarray(np.full((16, 16, 3), 200, np.uint8))
    picture.convert("1" if ending == ".xbm" else "RGB").save(tmp_path / f"a{ending}")
    assert ending in ENDINGS
    assert read_picture(tmp_path / f"a{ending}").shape == (16, 16, 3)


@pytest.fixture
def decoders(monkeypatch):
    """Other decoders for one test: those of pillow with or without the plugin."""
    image._decoders.cache_clear()
    for registry in ("OPEN", "ID"):
        monkeypatch.setattr(Image, registry, getattr(Image, registry).copy())
    yield lambda plugin: monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    image._decoders.cache_clear()


@pytest.mark.parametrize("name", ["a.heic", "a.jpg"])
def test_an_image_of_a_phone_that_needs_a_plugin_says_which(tmp_path, decoders, name):
    decoders(None)  # an import fails
    (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    with pytest.raises(BadInput, match=r"a\.\w+ is a HEIC image, .* install 'neural-network-zoo\[heic\]'"):
        read_picture(tmp_path / name)


def test_an_image_of_a_phone_is_read_where_the_plugin_is_installed(tmp_path, decoders):
    plugin = ModuleType("pillow_heif")
    accept = lambda start: start[4:12] == b"ftypheic"  # noqa: E731

    class Heif(BmpImagePlugin.BmpImageFile):
        format = "HEIF"

        def _open(self):
            self.fp.seek(12)
            super()._open()

    plugin.register_heif_opener = lambda: Image.register_open("HEIF", Heif, accept)  # pyright: ignore
    decoders(plugin)
    pixels = put(tmp_path / "a.bmp", 6, 9)
    whole = (tmp_path / "a.bmp").read_bytes()
    moved = whole[:10] + (int.from_bytes(whole[10:14], "little") + 12).to_bytes(4, "little") + whole[14:]
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + moved)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.heic"), pixels)


@pytest.mark.parametrize(("task", "outputs"), [("", 2), ("multiclass", 2), ("binary", 1)])
def test_two_classes_may_have_one_output(photos, task, outputs):
    assert spec_for(source("images"), load(photos)[0], task).outputs == outputs


@pytest.mark.parametrize(("task", "outputs"), [("", 1), ("multiclass", 2), ("binary", 1)])
def test_two_classes_of_one_output_may_have_two(task, outputs):
    assert spec_for(source("breast_cancer"), load_data("breast_cancer"), task).outputs == outputs
