"""Measures what weights learned without labels add where labels are few: `python -m benchmarks.few_labels dbn`.

The model is trained on all training images, whose labels are shuffled among them, so that none tells anything. Its
layers begin an `mlp` of the same widths, which is trained on a few images with their labels; the same network is
trained from scratch on the same images. Both are scored on the test split. Each seed draws other images.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo._catalogue import card
from zoo.train import recipe_for, run
from zoo.train.config.recipe import Recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Dataset, Place, Split, load_data, source
from zoo.train.pipeline.arrays import OpenArrays
from zoo.train.trainers import options

from .runs_page import Figure, add_kept, show

__all__ = ["labelled", "main", "shuffled"]

_GAIN = 0.02  # of the accuracy, at least
_FINE_EPOCHS = 100.0
_FINE: dict[str, Any] = {"opt": "adam", "lr": 1e-3, "sched": "cosine", "batch_size": 50}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; returns 1 if the accuracy with such weights is less than 2 points above that without."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.few_labels", description=__doc__)
    parser.add_argument("model", help="name of a model whose layers begin those of an mlp, such as dbn or rbm")
    parser.add_argument("--dataset", default="mnist", help="data set of images with classes (mnist)")
    parser.add_argument("--recipe", default="", help="name of another recipe of the model, such as stacked of dae")
    parser.add_argument("--labels", type=int, default=1000, help="number of images with labels (1000)")
    parser.add_argument("--seeds", type=int, default=3, help="number of draws of these images (3)")
    parser.add_argument("--epochs", type=float, help="epochs without labels (those of the recipe)")
    parser.add_argument("--fine-epochs", type=float, default=_FINE_EPOCHS, help="epochs with labels (100)")
    parser.add_argument("--data-dir", type=Path, help="folder that holds the downloaded data sets")
    add_kept(parser)
    args = parser.parse_args(argv)
    data = load_data(args.dataset, Place(args.data_dir))
    recipe = _without_labels(args.model, args.dataset, args.recipe, args.epochs)
    with tempfile.TemporaryDirectory() as folder:
        first = _trained(recipe, shuffled(data), Path(folder) / "first").load()
        layers = {"hidden": _widths(first.params["body"]), "activation": _activation(recipe)}
        fine = Recipe("mlp", args.dataset, m=layers, normalize=recipe.normalize, epochs=args.fine_epochs, **_FINE)
        found = np.array([_scores(fine, data, args.labels, seed, Path(folder)) for seed in range(args.seeds)])
    alone, after = found.mean(axis=0)
    what, command = _in_words(args, layers["hidden"])
    result = (
        f"{100 * alone:.2f} % from scratch, {100 * after:.2f} % after training without labels; differences "
        f"{', '.join(f'{100 * each:+.2f}' for each in found[:, 1] - found[:, 0])}"
    )
    show({f"8 {command}": Figure(what, f"{args.seeds} seeds", result, command)}, args.kept)
    return int(after - alone < _GAIN)


def _in_words(args: argparse.Namespace, hidden: Sequence[int]) -> tuple[str, str]:
    """Returns what is measured, and the command that measures it."""
    words = [args.model, *(["--recipe", args.recipe] if args.recipe else []), "--dataset", args.dataset]
    words += ["--labels", str(args.labels)] + (["--epochs", f"{args.epochs:g}"] if args.epochs else [])
    words += ["--fine-epochs", f"{args.fine_epochs:g}"] if args.fine_epochs != _FINE_EPOCHS else []
    network, named = "-".join(map(str, hidden)), " ".join(filter(None, (args.model, args.recipe)))
    what = f"few labels: mlp of {network} on {args.labels:,} examples of {args.dataset}, begun by {named}"
    return what, f"python -m benchmarks.few_labels {' '.join(words)}"


def shuffled(data: Dataset) -> Dataset:
    """Returns a data set whose training labels are shuffled among the examples."""
    y = np.random.default_rng(0).permutation(data.train.y)
    return replace(data, train=Split(data.train.x, y))


def labelled(data: Dataset, count: int, seed: int) -> Dataset:
    """Returns a data set with so many of its training examples, random ones."""
    rows = np.random.default_rng(seed).permutation(len(data.train.y))[:count]
    return replace(data, train=Split(data.train.x[rows], data.train.y[rows]))


def _without_labels(model: str, dataset: str, variant: str, epochs: float | None) -> Recipe:
    """Returns the recipe of a model, without the part of its training that follows labels."""
    recipe = replace(recipe_for(model, dataset, variant), expect=None)
    if "fine_tuning" in [each.name for each in options(recipe.trainer)]:
        others = {name: value for name, value in recipe.t.items() if name != "pretraining"}  # all of the steps are
        recipe = replace(recipe, t=others | {"fine_tuning": "none"})
    return recipe if epochs is None else replace(recipe, epochs=epochs, steps=None)


def _trained(recipe: Recipe, data: Dataset, out: Path, weights: Path | None = None) -> Any:
    opened = OpenArrays(source(recipe.dataset), data, recipe)
    return run(recipe, RunOptions(out=out, quiet=True, pictures=False, init_from=weights), data=opened)


def _scores(fine: Recipe, data: Dataset, count: int, seed: int, folder: Path) -> list[float]:
    """Returns the test accuracy from scratch and with the weights in the folder `first`."""
    few, fine = labelled(data, count, seed), replace(fine, seed=seed)
    return [
        _trained(fine, few, folder / f"{name}-{seed}", weights).metrics["accuracy"]
        for name, weights in (("scratch", None), ("after", folder / "first"))
    ]


def _activation(recipe: Recipe) -> str:
    usual = {option.name: option.default for option in card(recipe.model).options}
    return recipe.m.get("activation", usual.get("activation", "sigmoid"))


def _widths(body: dict) -> tuple[int, ...]:
    """Returns the widths of the layers, in their order."""
    return tuple(body[name]["w"].shape[1] for name in sorted(body, key=int))


if __name__ == "__main__":
    sys.exit(main())
