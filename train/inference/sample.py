"""What `python -m zoo sample` does with a generator: images go to a picture in a file, points to the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..data.dataset import Dataset, Place, load_data
from ..errors import BadInput
from ..option_types import did_you_mean
from ..trained.generate_images import by_class, interpolate, is_image_generator, nearest_images, sample_images
from ..trained.model import Trained

__all__ = ["write_samples"]

_STEPS = 12  # from one sample to another
_MOST = 500  # in one picture: more rows than matplotlib can draw


def write_samples(trained: Trained, run: Path, given: Mapping[str, Any]) -> None:
    """Makes what the flags of the command ask for, and says where it is.

    Args:
        trained: a generator.
        run: where it was loaded from.
        given: the flags' values by name.

    Raises:
        BadInput: if the model has no such class, starts from pictures, or the flags contradict each other.
        DataUnavailable: if the training images cannot be had.
    """
    latents = hasattr(trained.model, "given")
    if latents and len(trained.input_shape) != 1:
        raise BadInput(f"{run} generates an image from another image, not from noise: there is nothing to sample")
    if given["interpolate"] and not latents:
        raise BadInput(f"--interpolate requires a generator with latents; {trained.about['model']} has none")
    y = _class(trained, given["class"])
    if not is_image_generator(trained):
        _print_points(trained, given, y)
        return
    if (given["number"] or 0) > _MOST:
        raise BadInput(f"-n {given['number']}: one picture holds {_MOST} at the most")
    if given["interpolate"] and given["nearest"]:
        raise BadInput("--interpolate and --nearest are two pictures: ask for one at a time")
    name = "interpolation" if given["interpolate"] else "nearest" if given["nearest"] else "samples"
    path = _path(run, given["out"], name)
    _DRAWN[name](trained, given, y, path)
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
    training = _data(trained, given).train.x
    images = sample_images(trained, n, given["seed"], None if y is None else np.full(n, y))
    nearest(images, nearest_images(images, training), path)


_DRAWN = {"samples": _samples, "interpolation": _interpolation, "nearest": _nearest}


def _print_points(trained: Trained, given: Mapping[str, Any], y: int | None) -> None:
    for name in ("interpolate", "nearest", "out"):
        if given[name]:
            raise BadInput(f"--{name} is for images; {trained.about['model']} makes points, which are printed")
    n = given["number"] or 64
    points = trained.sample(n, given["seed"], None if y is None else np.full(n, y)).reshape(n, -1)
    print("\n".join(",".join(f"{value:.6g}" for value in point) for point in points))


def _class(trained: Trained, name: str | None) -> int | None:
    """The number of the class that is asked for."""
    if name is None:
        return None
    animal, classes = trained.about["model"], trained.classes
    if not by_class(trained):
        raise BadInput(f"--class {name}: {animal} was told no classes and makes what comes; cgan makes what it is told")
    if name not in classes:
        raise BadInput(f"--class {name!r} is none{did_you_mean(name, classes)}; there are {', '.join(classes)}")
    return classes.index(name)


def _path(run: Path, out: Path | None, name: str) -> Path:
    if out is None:
        if not run.is_dir():
            raise BadInput(f"{run} is no folder of a run to put {name}.png into: name a file with --out")
        return run / f"{name}.png"
    if out.suffix.lower() != ".png":
        raise BadInput(f"--out {out} must end in .png, the only kind of picture that is written")
    if out.is_dir() or not out.parent.is_dir():
        raise BadInput(f"--out {out}: " + ("is a folder" if out.is_dir() else f"there is no folder {out.parent}"))
    return out


def _data(trained: Trained, given: Mapping[str, Any]) -> Dataset:
    """What it was trained on, loaded as it was then."""
    recipe = trained.about["recipe"]
    data = load_data(recipe["dataset"], Place(given["data_dir"], given["offline"]), recipe["d"])
    if list(data.train.x.shape[1:]) != list(trained.about["made_for"]["shape"]):
        raise BadInput(f"{recipe['dataset']} now has images of another shape than the model was trained on")
    return data


def _title(trained: Trained, what: str, y: int | None) -> str:
    of = f", all of them {trained.classes[y]}" if y is not None else ""
    return f"{trained.about['model']} on {trained.about['dataset']}: {what}{of}"
