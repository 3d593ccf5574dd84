"""Samples of a generator for `python -m zoo sample`: images are drawn into a PNG, points are printed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..data.dataset import Dataset, Place, load_data
from ..errors import BadInput
from ..option_types import did_you_mean
from ..trained.generate_images import (
    by_class,
    has_latents,
    interpolate,
    is_image_generator,
    nearest_images,
    sample_images,
)
from ..trained.model import Trained

__all__ = ["picture_path", "training_data", "write_samples"]

_STEPS = 12  # images of an interpolation
_MOST = 500  # samples in one PNG: matplotlib cannot draw more rows


def write_samples(trained: Trained, run: Path, given: Mapping[str, Any]) -> None:
    """Draws samples, interpolations or nearest training images into a PNG, and prints its path.

    Args:
        trained: a generator.
        run: folder or file from which it was loaded.
        given: values of the flags by name.

    Raises:
        BadInput: if the model has no such class or starts from images, or the flags contradict each other.
        DataUnavailable: if the training images cannot be loaded.
    """
    if hasattr(trained.model, "given") and len(trained.input_shape) != 1:
        raise BadInput(f"{run} generates an image from another image, not from noise: there is nothing to sample")
    if given["interpolate"] and not has_latents(trained):
        raise BadInput(f"--interpolate requires a generator with latents; {trained.about['model']} has none")
    y = _class(trained, given["class"])
    if not is_image_generator(trained):
        _print_points(trained, given, y)
        return
    if (given["number"] or 0) > _MOST:
        raise BadInput(f"-n {given['number']}: one PNG holds at most {_MOST}")
    if given["interpolate"] and given["nearest"]:
        raise BadInput("--interpolate and --nearest make two PNGs: give one of them at a time")
    name = "interpolation" if given["interpolate"] else "nearest" if given["nearest"] else "samples"
    path = picture_path(run, given["out"], name)
    _KINDS[name](trained, given, y, path)
    print(f"{name} of {trained.about['model']} in {path}")


def _samples(trained: Trained, given: Mapping[str, Any], y: int | None, path: Path) -> None:
    from ..plots.generated_images import samples

    n = given["number"] or 64
    classes = trained.classes if by_class(trained) and y is None else ()
    images = sample_images(trained, n, given["seed"], None if y is None else np.full(n, y))
    samples(images, path, classes, _title(trained, f"{n} samples", y))


def _interpolation(trained: Trained, given: Mapping[str, Any], y: int | None, path: Path) -> None:
    from ..plots.generated_images import interpolation

    n = given["number"] or 8
    strips = interpolate(trained, n, _STEPS, jax.random.key(given["seed"]), None if y is None else np.full(n, y))
    interpolation(strips, path, _title(trained, "from one sample to another", y))


def _nearest(trained: Trained, given: Mapping[str, Any], y: int | None, path: Path) -> None:
    from ..plots.generated_images import nearest

    n = given["number"] or 16
    training = training_data(trained, given, "--nearest").train.x
    images = sample_images(trained, n, given["seed"], None if y is None else np.full(n, y))
    nearest(images, nearest_images(images, training), path)


_KINDS = {"samples": _samples, "interpolation": _interpolation, "nearest": _nearest}


def _print_points(trained: Trained, given: Mapping[str, Any], y: int | None) -> None:
    for name in ("interpolate", "nearest", "out"):
        if given[name]:
            raise BadInput(f"--{name} is for images; the samples of {trained.about['model']} are printed")
    n = given["number"] or 64
    points = trained.sample(n, given["seed"], None if y is None else np.full(n, y)).reshape(n, -1)
    print("\n".join(",".join(f"{value:.6g}" for value in point) for point in points))


def _class(trained: Trained, name: str | None) -> int | None:
    """Returns the index of the requested class."""
    if name is None:
        return None
    model, classes = trained.about["model"], trained.classes
    if not by_class(trained):
        raise BadInput(f"--class {name}: {model} is not conditional on the class; cgan and dbn are")
    if name not in classes:
        raise BadInput(f"--class {name!r} is no class{did_you_mean(name, classes)}; choose from {', '.join(classes)}")
    return classes.index(name)


def picture_path(run: Path, out: Path | None, name: str) -> Path:
    """Returns the PNG file that was given, or one of a name in the folder of a run.

    Raises:
        BadInput: if there is no such folder, or the file is none or of another kind.
    """
    if out is None:
        if not run.is_dir():
            raise BadInput(f"{run} is no run folder for {name}.png: give a file with --out")
        return run / f"{name}.png"
    if out.suffix.lower() != ".png":
        raise BadInput(f"--out {out} must end in .png, the only format that is written")
    if out.is_dir() or not out.parent.is_dir():
        raise BadInput(f"--out {out}: " + ("is a folder" if out.is_dir() else f"there is no folder {out.parent}"))
    return out


def training_data(trained: Trained, given: Mapping[str, Any], what: str) -> Dataset:
    """Loads the training data with the options of the training.

    Args:
        trained: the model.
        given: values of the flags `data_dir` and `offline`.
        what: command or flag that needs the data, for messages.

    Raises:
        BadInput: if the model file does not state its data, or these have another shape now.
    """
    recipe = trained.about["recipe"]
    if not recipe:
        raise BadInput(f"{what}: the file of this {trained.about['model']} does not state its training images")
    data = load_data(recipe["dataset"], Place(given["data_dir"], given["offline"]), recipe["d"])
    if list(data.train.x.shape[1:]) != list(trained.about["made_for"]["shape"]):
        raise BadInput(f"{recipe['dataset']} now has images of another shape than those of the training")
    return data


def _title(trained: Trained, what: str, y: int | None) -> str:
    of = f", all of them {trained.classes[y]}" if y is not None else ""
    return f"{trained.about['model']} on {trained.about['dataset']}: {what}{of}"
