"""What comes with a run that makes images from noise: pictures of them, and the marks between which its scores lie."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..metrics.frechet import covariance, frechet
from ..metrics.precision_recall import precision_recall
from ..trained.generate_images import interpolate, nearest_images, sample_images
from ..trained.model import Trained
from ..trainer import named_key
from .classifier_features import Features
from .image_features import features_of

__all__ = ["in_words", "show_images"]

_MOST = 5000  # images of each kind that are compared: more take minutes and change the third digit
_WAYS, _STEPS = 8, 12
_BESIDE = 16  # beside their nearest neighbours


def show_images(setup: Any, model: Trained, folder: Path) -> dict[str, Any]:
    """Draws what a generator makes, and scores it beside what is real, what is noise and what it made untrained.

    Args:
        setup: of the run.
        model: that was kept.
        folder: for the pictures.

    Returns:
        By kind of image (made, training, untrained, noise) the Frechet distance to the test images and the classifier
        score; precision and recall of those made; the classifier's accuracy.
    """
    data, features, key = setup.data, features_of(setup.data), named_key(setup.key, "pictures")
    _draw(model, data, key, folder)
    return _scores(setup, model, features, key)


def _draw(model: Trained, data: Any, key: jax.Array, folder: Path) -> None:
    """The ways between some samples, and the nearest neighbours of others; the samples themselves are drawn already."""
    from ..plots.generated_images import interpolation, nearest

    interpolation(interpolate(model, _WAYS, _STEPS, key), folder / "interpolation.png")
    made = sample_images(model, _BESIDE, key)
    nearest(made, nearest_images(made, data.train.x), folder / "nearest.png")


def in_words(scores: Mapping[str, Any]) -> str:
    """The scores in one line, with what they can be compared with.

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
    y = np.asarray(test.y[:_MOST]).reshape(-1)
    fresh = setup.model.init(setup.key, jax.numpy.zeros((2, *model.input_shape)))
    untrained = replace(model, params=fresh[0], state=fresh[1])
    kinds = {
        "made": sample_images(model, len(y), key, y),
        "test": test.x[:_MOST],
        "training": train[np.linspace(0, len(train) - 1, min(_MOST, len(train))).astype(int)],
        "untrained": sample_images(untrained, len(y), key, y),
        "noise": _noise(train, len(y)),
    }
    seen = {name: features.of(images) for name, images in kinds.items()}
    moments = {name: _moments(each) for name, (each, _) in seen.items()}
    precision, recall = precision_recall(seen["test"][0], seen["made"][0]) if len(y) > 3 else (np.nan, np.nan)
    return {
        "frechet": {name: frechet(*each, *moments["test"]) for name, each in moments.items() if name != "test"},
        "classifier_score": {name: classifier_score(said) for name, (_, said) in seen.items()},
        "precision": precision,
        "recall": recall,
        "classifier_accuracy": features.accuracy,
    }


def classifier_score(said: np.ndarray) -> float:
    """The Inception score's formula over probabilities (images, classes): `exp(E KL(p(class | image) || p(class)))`.

    >>> round(classifier_score(np.eye(4)), 6), classifier_score(np.full((4, 4), 0.25))
    (4.0, 1.0)
    """
    said = np.asarray(said, np.float64)
    both, share = np.log(np.maximum(said, 1e-30)), np.log(np.maximum(said.mean(axis=0), 1e-30))
    return float(np.exp(np.mean(np.sum(said * (both - share), axis=1))))


def _moments(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = points.astype(np.float64)
    return points.mean(axis=0), covariance(points.mean(axis=0), points.T @ points / len(points))


def _noise(like: np.ndarray, n: int) -> np.ndarray:
    """Images of n x the same shape whose pixels are drawn evenly from the range of the real ones."""
    low, high = float(like.min()), float(like.max())
    return np.random.default_rng(0).uniform(low, high, (n, *like.shape[1:])).astype(np.float32)
