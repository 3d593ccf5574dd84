"""Compares flat and deep models as data grow: `python -m benchmarks.data_size --data-dir DIR`.

Naive Bayes, logistic regression, a linear support vector machine, a multi-layer perceptron and a convolutional network
learn from 100 to 60,000 images of MNIST and are scored on its 10,000 test images. Each draw of a size has equal shares
of the classes and is the same for all models; small sizes are drawn several times. Values are stored in data_size.json
beside this file; table and picture stand in docs/learn/13-deep-and-flat.md. Naive Bayes is scikit-learn's.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.train.data.dataset import Dataset, Place, Split, load_data

from .page import DOCS, HERE, keep, measured_on, publish

__all__ = ["MODELS", "accuracy", "draw", "main", "rows_of", "steps_for", "table"]

KEPT = HERE / "data_size.json"
PAGE = DOCS / "learn" / "13-deep-and-flat.md"
SIZES = (100, 300, 1_000, 3_000, 10_000, 60_000)
_DRAWS = {100: 3, 300: 3, 1_000: 2}  # of larger sizes one
_RULE: dict[str, Any] = {"sched": "cosine", "batch_size": 64}
MODELS: dict[str, dict[str, Any]] = {  # settings of zoo.fit; of naive Bayes there are none
    "naive Bayes": {},
    "logistic": _RULE | {"model": "logistic", "lr": 3e-3, "l2": 1e-4},
    "linear SVM": {"model": "svm", "kernel": "none", "cost": 0.03, "epochs": 1},
    "mlp": _RULE | {"model": "mlp", "hidden": (256, 128), "lr": 1e-3},
    "cnn": _RULE | {"model": "cnn", "opt": "adamw", "lr": 2e-3, "weight_decay": 1e-2},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores, prints the table and draws the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_size", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=MODELS, default=list(MODELS), help="only these models")
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES, help="numbers of training images")
    parser.add_argument("--data-dir", type=Path, help="folder that holds the downloaded data sets")
    parser.add_argument("--table", action="store_true", help="write the table from stored values, without measuring")
    args = parser.parse_args(argv)
    if not args.table:
        data = load_data("mnist", Place(args.data_dir))
        for size in args.sizes:
            for name in args.only:
                keep(KEPT, {f"{name} {size}": _measured(name, data, size)})
    kept = json.loads(KEPT.read_text())
    text = table(kept)
    print(text)
    publish(PAGE, data_size=text)
    draw(kept, PAGE.with_suffix(".png"))
    return 0


def _measured(name: str, data: Dataset, size: int) -> dict[str, list[float]]:
    values = []
    for seed in range(_DRAWS.get(size, 1)):
        values.append(accuracy(name, data, size, seed))
        print(f"{name}, {size:,}: {100 * values[-1]:.2f} %", flush=True)
    return {"values": values}


def accuracy(name: str, data: Dataset, size: int, seed: int) -> float:
    """Trains a model on some of the training images, and returns its accuracy on all test images.

    Args:
        name: one of `MODELS`.
        data: images with classes.
        size: number of training images.
        seed: chooses the images, and the model's random numbers.
    """
    rows = rows_of(np.asarray(data.train.y), size, seed)
    train = Split(np.asarray(data.train.x)[rows], np.asarray(data.train.y)[rows])
    if name == "naive Bayes":
        return _naive_bayes(train, data.test)
    import zoo

    settings = MODELS[name] | {"normalize": "unit", "seed": seed, "quiet": True}
    if "sched" in settings:
        settings["steps"] = steps_for(len(rows))
    model = zoo.fit(settings.pop("model"), train.x, train.y, test=0, **settings)
    return float(model.score(np.asarray(data.test.x), np.asarray(data.test.y)))


def rows_of(y: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Draws rows with as many of each class; all rows if there are no more.

    >>> rows_of(np.array([0, 0, 0, 1, 1, 1]), 4, 0).tolist()
    [0, 2, 3, 4]
    """
    if size >= len(y):
        return np.arange(len(y))
    classes, random = np.unique(y), np.random.default_rng(seed)
    drawn = [random.permutation(np.flatnonzero(y == each))[: size // len(classes)] for each in classes]
    return np.sort(np.concatenate(drawn))


def steps_for(size: int) -> int:
    """Returns the number of training steps: 200 for 100 images, twice as many for eight times as many images.

    >>> steps_for(100), steps_for(800)
    (200, 400)
    """
    return round(200 * (size / 100) ** (1 / 3))


def _naive_bayes(train: Split, test: Split) -> float:
    from sklearn.naive_bayes import BernoulliNB

    def flat(x: Any) -> np.ndarray:
        values = np.asarray(x)
        return values.reshape(len(values), -1)

    middle = float(np.asarray(train.x).max()) / 2  # a pixel is dark or light
    model = BernoulliNB(binarize=middle).fit(flat(train.x), np.asarray(train.y))
    return float(model.score(flat(test.x), np.asarray(test.y)))


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table: a line per model, a column per size, means with the range of several draws."""
    sizes = sorted({int(key.rsplit(" ", 1)[1]) for key in kept})
    lines = [f"| training images | {' | '.join(f'{size:,}' for size in sizes)} |", "|---" * (len(sizes) + 1) + "|"]
    for name in MODELS:
        cells = [_cell(kept.get(f"{name} {size}")) for size in sizes]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", measured_on(list(kept.values()))])


def _cell(row: Mapping | None) -> str:
    if row is None:
        return "not measured"
    values = [100 * value for value in row["values"]]
    spread = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f} %{spread}"


def draw(kept: Mapping[str, Mapping], path: Path) -> None:
    """Draws the error by the number of training images, both logarithmic."""
    from zoo.train.plots.style import BLUE, GREEN, GREY, INK, RED, picture

    with picture(path, 6.0, 3.6) as figure:
        axes = figure.subplots()
        for name, colour in zip(MODELS, (GREY, INK, GREEN, BLUE, RED), strict=True):
            found = sorted((int(key.rsplit(" ", 1)[1]), row) for key, row in kept.items() if key.startswith(f"{name} "))
            errors = [100 * (1 - statistics.mean(row["values"])) for _, row in found]
            axes.loglog([size for size, _ in found], errors, "o-", color=colour, label=name)
        axes.set(xlabel="training images", ylabel="errors on test images, %", title="MNIST")
        axes.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        axes.set_xticks([100, 1_000, 10_000, 60_000], ["100", "1,000", "10,000", "60,000"])
        axes.minorticks_off()
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
