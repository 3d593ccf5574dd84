"""Figures and scores of a generator of images from noise, beside real, untrained and random images."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..metrics.frechet import classifier_score, frechet, moments
from ..metrics.precision_recall import precision_recall
from ..trained.generate_images import interpolate, nearest_images, sample_images
from ..trained.model import Trained
from ..trainer import named_key
from .classifier import Features, features_of

__all__ = ["in_words", "show_images"]

_MAX_IMAGES = 5000  # of each kind: more take minutes and change the third digit
_ROWS, _STEPS = 8, 12  # of the interpolation
_NEIGHBOURS = 16  # images drawn with their nearest neighbours


def show_images(setup: Any, model: Trained, folder: Path) -> dict[str, Any]:
    """Draws generated images and scores them beside training images, noise and the images of the untrained model.

    Args:
        setup: parts of the run.
        model: the model that was kept.
        folder: folder of the PNGs.

    Returns:
        By kind of image (made, training, untrained, noise) the Frechet distance to the test images and the classifier
        score; precision and recall of the generated ones; accuracy of the classifier.
    """
    data, features, key = setup.data, features_of(setup.data), named_key(setup.key, "pictures")
    _draw(model, data, key, folder)
    return _scores(setup, model, features, key)


def _draw(model: Trained, data: Any, key: jax.Array, folder: Path) -> None:
    """Draws interpolations between samples, and the nearest neighbours of others.

    Of a model with codes the interpolation between test images is drawn by its task.
    """
    from ..plots.generated_images import interpolation, nearest

    if not hasattr(model.model, "decode"):
        interpolation(interpolate(model, _ROWS, _STEPS, key), folder / "interpolation.png")
    made = sample_images(model, _NEIGHBOURS, key)
    nearest(made, nearest_images(made, data.train.x), folder / "nearest.png")


def in_words(scores: Mapping[str, Any]) -> str:
    """Returns the scores in one line, with scores to compare them with.

    >>> kinds = {"made": 0.03, "training": 0.01, "untrained": 1.5, "noise": 2}
    >>> shares = {"precision": 0.9, "recall": 0.8, "classifier_accuracy": 0.99}
    >>> in_words({"frechet": kinds, "classifier_score": {"made": 9.5, "test": 9.6}, **shares})[:72]
    'Frechet distance 0.03 in the features of a classifier (99.0 % right); tr'
    """
    distance, score = scores["frechet"], scores["classifier_score"]
    return (
        f"Frechet distance {distance['made']:.3g} in the features of a classifier "
        f"({100 * scores['classifier_accuracy']:.1f} % right); training images have {distance['training']:.3g}, "
        f"untrained {distance['untrained']:.3g}, noise {distance['noise']:.3g}. Classifier score {score['made']:.2f}, "
        f"of test images {score['test']:.2f}. Precision {scores['precision']:.3f}, recall {scores['recall']:.3f}"
    )


def _scores(setup: Any, model: Trained, features: Features, key: jax.Array) -> dict[str, Any]:
    test, train = setup.data.test, setup.data.train.x
    y = np.asarray(test.y[:_MAX_IMAGES]).reshape(-1)
    fresh = setup.model.init(setup.key, jax.numpy.zeros((2, *model.input_shape)))
    untrained = replace(model, params=fresh[0], state=fresh[1])
    kinds = {
        "made": sample_images(model, len(y), key, y),
        "test": test.x[:_MAX_IMAGES],
        "training": train[np.linspace(0, len(train) - 1, min(_MAX_IMAGES, len(train))).astype(int)],
        "untrained": sample_images(untrained, len(y), key, y),
        "noise": _noise(train, len(y)),
    }
    seen = {name: features.of(images) for name, images in kinds.items()}
    normal = {name: moments(each) for name, (each, _) in seen.items()}
    precision, recall = precision_recall(seen["test"][0], seen["made"][0]) if len(y) > 3 else (np.nan, np.nan)
    return {
        "frechet": {name: frechet(*each, *normal["test"]) for name, each in normal.items() if name != "test"},
        "classifier_score": {name: classifier_score(shares) for name, (_, shares) in seen.items()},
        "precision": precision,
        "recall": recall,
        "classifier_accuracy": features.accuracy,
    }


def _noise(like: np.ndarray, n: int) -> np.ndarray:
    """Draws n images of the same shape, uniform over the range of the real ones."""
    low, high = float(like.min()), float(like.max())
    return np.random.default_rng(0).uniform(low, high, (n, *like.shape[1:])).astype(np.float32)
