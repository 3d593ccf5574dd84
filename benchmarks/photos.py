"""Makes folders of photographs, trains on them and compares `predict` on the test folder with `evaluate`.

python -m benchmarks.photos [--augment TEXT]    trains once with each rule of --d.resize and prints a table
python -m benchmarks.photos --write DIR         writes DIR/train and DIR/test, to try commands on

The photographs are invented: one ball, box or tent of any colour, size and place before a blurred background; their
sides are 40 to 600 pixels, their formats JPEG, PNG and WebP, and some JPEGs lie on their side with an EXIF orientation.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["CLASSES", "answered", "write_photos"]

CLASSES = ("ball", "box", "tent")
_CORNERS, _FIRST = {"box": 4, "tent": 3}, {"box": np.pi / 4, "tent": -np.pi / 2}  # the angle of the first corner
_RULES = ("crop", "squash", "pad")
_LYING = 6  # EXIF orientation of a camera that was turned


def write_photos(folder: Path, train: int = 150, test: int = 50, seed: int = 0) -> None:
    """Writes train/ and test/ with a folder per class.

    Args:
        folder: folder to make them in.
        train: training images of a class.
        test: test images of a class.
        seed: seed of all images.
    """
    for split, count in (("train", train), ("test", test)):
        for name in CLASSES:
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(count):
                draw = np.random.default_rng([seed, len(split), CLASSES.index(name), i])
                _save(_photo(draw, name), place / f"{i:04}", i)


def _photo(draw: np.random.Generator, name: str) -> Image.Image:
    """Returns the image of an object, bright before a dark background or the reverse."""
    width, height = (int(side) for side in np.exp(draw.uniform(np.log(40), np.log(600), 2)))
    height = int(np.clip(height, width / 2, 2 * width))
    bright = draw.random() < 0.5
    rough = draw.integers(0, 110, (4, 4, 3)) + 145 * (not bright)
    image = Image.fromarray(rough.astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    radius = draw.uniform(0.22, 0.4) * min(width, height)
    x, y = (draw.uniform(side / 2 - least, side / 2 + least) for side in (width, height) for least in (0.1 * side,))
    colour = tuple(int(each) for each in draw.integers(0, 110, 3) + 145 * bright)
    pen = ImageDraw.Draw(image)
    if name == "ball":
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
    else:
        angles = _FIRST[name] + draw.uniform(-0.3, 0.3) + 2 * np.pi * np.arange(_CORNERS[name]) / _CORNERS[name]
        pen.polygon([(x + radius * np.cos(a), y + radius * np.sin(a)) for a in angles], colour)
    image = image.filter(ImageFilter.GaussianBlur(min(width, height) / 100))
    noisy = np.asarray(image) + draw.normal(0, 8, (height, width, 3))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _save(image: Image.Image, path: Path, number: int) -> None:
    ending = (".jpg", ".png", ".webp")[number % 3]
    if number % 6:
        image.save(path.with_suffix(ending))
        return
    exif = Image.Exif()
    exif[0x0112] = _LYING
    image.transpose(Image.Transpose.ROTATE_90).save(path.with_suffix(ending), exif=exif)


def answered(run: Path, photos: Path) -> tuple[float, float, int]:
    """Returns the accuracy by `evaluate`, that of the CSV file of `predict` on test/, and the number of images."""
    scored = json.loads(_zoo("evaluate", run, "--json"))["metrics"]["accuracy"]
    _zoo("predict", run, photos / "test", "--out", run / "said.csv")
    with (run / "said.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return scored, float(np.mean([row["class"] == row["input"].partition("/")[0] for row in rows])), len(rows)


def _zoo(*words: object) -> str:
    done = subprocess.run([sys.executable, "-m", "zoo", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def main() -> int:
    """Prints the table; the exit code is 1 if `predict` and `evaluate` differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the photographs and end")
    parser.add_argument("--augment", default="flip+rotate+jitter")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--rules", nargs="+", choices=_RULES, default=_RULES)
    args = parser.parse_args()
    if args.write:
        write_photos(args.write)
        return 0
    differ = False
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        write_photos(photos)
        print("| --d.resize | accuracy by evaluate | by predict on test/ | images | training |\n|---|---|---|---|---|")
        for rule in args.rules:
            began, run = time.perf_counter(), Path(folder, rule)
            words = ("--images", photos, "--d.size", args.size, "--d.resize", rule, "--augment", args.augment)
            _zoo("train", "--model", "cnn", *words, "--epochs", args.epochs, "--out", run, "--quiet")
            seconds = time.perf_counter() - began
            scored, said, count = answered(run, photos)
            differ |= abs(scored - said) > 1e-6
            print(f"| {rule} | {scored:.4f} | {said:.4f} | {count} | {seconds:.0f} s |", flush=True)
    return int(differ)


if __name__ == "__main__":
    raise SystemExit(main())
