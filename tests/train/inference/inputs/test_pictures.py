"""Images from files: size, channels and scale of the training images, notes on conversions."""

import numpy as np
import pytest
from PIL import Image

from zoo.train.data.dataset import load_data
from zoo.train.data.image_stats import image_stats
from zoo.train.errors import BadInput
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.pictures import from_picture

DIGITS = InputSpec("image", (8, 8, 1), range=(0.0, 16.0), edge=0.1)
COLOUR = InputSpec("image", (4, 4, 3), range=(0.0, 255.0), edge=0.5)


@pytest.fixture
def saved(tmp_path):
    def save(array, name="a.png", mode=None):
        Image.fromarray(np.asarray(array), mode).save(tmp_path / name)
        return tmp_path / name

    return save


def test_black_and_white_are_the_ends_of_the_training_range(saved):
    pixels = np.zeros((8, 8), np.uint8)
    pixels[3, 4], pixels[4, 4] = 255, 51
    batch = from_picture(saved(pixels), DIGITS)
    assert batch.x.shape == (1, 8, 8, 1)
    assert batch.x.dtype == np.float32
    np.testing.assert_allclose([batch.x[0, 3, 4, 0], batch.x[0, 4, 4, 0], batch.x[0, 0, 0, 0]], [16, 3.2, 0], rtol=1e-6)
    assert batch.notes == ()


def test_a_larger_image_is_resized_by_block_means_with_a_note(saved):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 100, (32, 32)).astype(np.uint8)
    batch = from_picture(saved(pixels), DIGITS)
    means = pixels.reshape(8, 4, 8, 4).mean(axis=(1, 3)) / 255 * 16
    np.testing.assert_allclose(batch.x[0, :, :, 0], means, atol=1 / 255 * 16 + 1e-4)  # pillow rounds to 8 bits, twice
    assert "resized from 32x32 to 8x8" in batch.notes[0]


def test_channels_are_converted_with_a_note(saved):
    red = np.zeros((8, 8, 3), np.uint8)
    red[2:6, 2:6, 0] = 255
    batch = from_picture(saved(red), DIGITS)
    assert batch.x[0, 3, 3, 0] == pytest.approx(16 * 76 / 255)  # 0.299 of red, ITU-R 601-2
    assert "converted to grey" in batch.notes[0]
    grey = from_picture(saved(np.full((4, 4), 128, np.uint8)), COLOUR)
    assert grey.x.shape == (1, 4, 4, 3)
    assert "converted to RGB" in grey.notes[0]


def test_transparency_is_blended_onto_white_with_a_note(saved):
    clear = np.zeros((8, 8, 4), np.uint8)  # fully transparent
    batch = from_picture(saved(clear), DIGITS)
    np.testing.assert_allclose(batch.x, 16)
    assert "blended onto white" in batch.notes[0]


def test_a_photograph_is_rotated_upright(tmp_path):
    pixels = np.zeros((8, 8), np.uint8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    x = from_picture(tmp_path / "a.png", DIGITS).x[0, :, :, 0]
    assert (x[:, -1] == 16).all()
    assert (x[:, 0] == 0).all()


def test_black_on_white_gives_a_note_and_is_inverted_on_request(saved):
    pixels = np.full((8, 8), 255, np.uint8)
    pixels[3, 4] = 0
    path = saved(pixels)
    assert "try it with --invert" in from_picture(path, DIGITS).notes[0]
    inverted = from_picture(path, DIGITS, invert=True)
    assert inverted.notes == ()
    assert inverted.x[0, 3, 4, 0] == 16
    assert "without --invert" in from_picture(saved(255 - pixels), DIGITS, invert=True).notes[0]


def test_the_statistics_of_digits_are_white_on_black():
    found = image_stats("image", load_data("digits").train.x)
    assert found["input_range"] == [0, 16]
    assert found["input_edge"] < 0.3
    assert image_stats("table", np.ones((2, 3))) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.png is not an image"),
        (b"\x89PNG\r\n\x1a\n and no more", "a.png"),
        (b"%PDF-1.7" + b"\0" * 40, "is not an image"),
    ],
)
def test_a_file_that_is_not_an_image_raises(tmp_path, content, message):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(BadInput, match=message):
        from_picture(tmp_path / "a.png", DIGITS)


def test_a_truncated_image_raises(saved):
    path = saved(np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(BadInput, match=r"a\.png"):
        from_picture(path, DIGITS)


def test_an_image_of_a_billion_pixels_raises_before_it_is_decompressed(tmp_path):
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(BadInput, match="too many pixels to decompress safely"):
        from_picture(tmp_path / "a.png", DIGITS)


def test_a_model_of_two_channels_raises(saved):
    with pytest.raises(BadInput, match="the model's input is 8x8x2, which image files do not have"):
        from_picture(saved(np.zeros((8, 8), np.uint8)), InputSpec("image", (8, 8, 2), range=(0, 1)))
