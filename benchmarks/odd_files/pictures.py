"""Folders of pictures: sizes, modes and formats that cameras and programs write, and files that are no pictures."""

from pathlib import Path

import numpy as np
from PIL import Image

from zoo.train.data.dataset import Dataset
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.read import read_inputs

from .case import Case, Random, chance, check, pick

__all__ = ["pictures"]

_MODES = {"L": 1, "RGB": 3, "RGBA": 4, "LA": 2, "CMYK": 4, "1": 1, "P": 1}
_ENDINGS = {
    "L": (".png", ".jpg", ".bmp", ".gif", ".tif", ".webp"), "RGB": (".png", ".jpeg", ".bmp", ".tiff", ".webp", ".JPG"),
    "RGBA": (".png", ".tif", ".webp"), "LA": (".png",), "CMYK": (".jpg", ".tif"), "1": (".png", ".bmp", ".tif"),
    "P": (".png", ".gif"),
}  # fmt: skip


def pictures(random: Random, folder: Path) -> Case:
    """Writes pictures of two classes."""
    size = pick(random, (0, 3, 4))
    side = (4, 4) if not size else tuple(random.integers(1, 9, 2))
    plain = {}
    for i in range(8):
        mode = pick(random, _MODES)
        path = folder / "ab"[i % 2] / f"{i}{pick(random, _ENDINGS[mode])}"
        path.parent.mkdir(exist_ok=True)
        pixels = random.integers(0, 256, (*side, _MODES[mode])).astype(np.uint8)
        image = Image.fromarray(pixels.squeeze(-1) if _MODES[mode] == 1 else pixels, _raw(mode)).convert(mode)
        image.save(path)
        if not size and mode in ("L", "RGB") and path.suffix in (".png", ".bmp"):
            plain[path] = np.broadcast_to(pixels, (*side, 3))
    refused, oddity = _SPOILED[pick(random, _SPOILED)](random, folder) if chance(random, 0.4) else (None, "plain")
    options = {"folder": str(folder), "size": size, "grey": chance(random, 0.3)}

    def holds(data: Dataset) -> None:
        stored = {x.tobytes() for part in (data.train, data.test) for x in part.x[:]}
        if not options["grey"]:
            check(all(each.tobytes() in stored for each in plain.values()), "pixels are not as written")
        spec = InputSpec("image", data.train.x.shape[1:], range=(0.0, 255.0), side=size)
        read = read_inputs([str(each) for each in sorted(folder.iterdir()) if each.is_dir()], spec)
        check({x.tobytes() for batch in read for x in batch.x} == stored, "predict reads other pixels than training")

    return Case(folder, lambda: "images", lambda name: "logistic", holds, options, {}, oddity, refused)


def _raw(mode: str) -> str:
    return {"1": "L", "P": "L"}.get(mode, mode)


def _first(folder: Path) -> Path:
    return sorted((folder / "a").iterdir())[0]


def _cut(random, folder):
    path = _first(folder)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    return None, "cut"  # of some formats the half is complete


def _nothing(random, folder):
    _first(folder).write_bytes(b"")
    return True, "empty file"


def _words(random, folder):
    _first(folder).write_bytes(b"<html>not found</html>")
    return True, "a page"


def _beside(random, folder):
    (folder / "a" / "notes.txt").write_text("of the camera")
    (folder / "b" / ".DS_Store").write_bytes(b"\x00")
    (folder / "a" / "._0.png").write_bytes(b"of macOS")
    return None, "other files beside"


def _class_without(random, folder):
    (folder / "c").mkdir()
    (folder / "c" / "0.heic").write_bytes(b"\x00\x00\x00\x18ftypheic")
    return True, "a class that would vanish"


def _deeper(random, folder):
    (folder / "a" / "monday").mkdir()
    _first(folder).rename(folder / "a" / "monday" / "9.png")
    return None, "deeper"


def _sixteen(random, folder):
    Image.fromarray(random.integers(0, 65536, (4, 4)).astype(np.uint16)).save(folder / "a" / "deep.png")
    return True, "16 bits"


def _alone(random, folder):
    (folder / "c").mkdir()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "c" / "one.png")
    return None, "a class of one"


def _turned(random, folder):
    exif = Image.Exif()
    exif[0x0112] = int(random.integers(1, 9))
    Image.fromarray(random.integers(0, 256, (4, 4, 3)).astype(np.uint8)).save(folder / "a" / "turned.jpg", exif=exif)
    return None, "turned"


_SPOILED = {
    each.__name__: each
    for each in (_cut, _nothing, _words, _beside, _class_without, _deeper, _sixteen, _alone, _turned)
}
